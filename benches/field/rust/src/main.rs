//! Tracks the job with Snowplow's tracker for Rust. See `benches.field.libraries.client`.

use std::io::{BufRead, Write};
use std::time::Instant;

use async_trait::async_trait;
use serde_json::{Value, json};
use snowplow_tracker::{
    BatchEmitter, Error, HttpClient, ScreenViewEvent, SelfDescribingEvent, SelfDescribingJson, Subject, Tracker,
};

type Failure = Box<dyn std::error::Error>;

/// Answers where the tracker would call its HTTP client, with the body as bytes.
struct Answering;

#[async_trait]
impl HttpClient for Answering {
    async fn post(&self, payload: SelfDescribingJson) -> Result<u16, Error> {
        let body = serde_json::to_vec(&payload).unwrap_or_default();
        Ok(if body.is_empty() { 400 } else { 200 })
    }

    fn clone(&self) -> Box<dyn HttpClient + Send + Sync> {
        Box::new(Self)
    }
}

fn tracker(job: &Value, url: Option<&str>) -> Result<Tracker, Failure> {
    let builder = BatchEmitter::builder().collector_url(url.unwrap_or("http://127.0.0.1:9"));
    let emitter = match url {
        Some(_) => builder.build()?,
        None => builder.http_client(Answering).build()?,
    };
    let subject = Subject::builder().user_id(text(&job["user_id"])).build()?;
    Ok(Tracker::new("field", "shop", emitter, Some(subject)))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn track_order(tracker: &mut Tracker, job: &Value) -> Result<(), Failure> {
    let entities = job["entities"].as_array().into_iter().flatten();
    let entities =
        entities.map(|entity| SelfDescribingJson::new(text(&entity["schema"]), entity["data"].clone())).collect();
    let event = SelfDescribingEvent::builder().schema(text(&job["schema"])).data(job["order"].clone()).build()?;
    tracker.track(event, Some(entities))?;
    Ok(())
}

/// Tracks a screen view: the tracker has no page view.
fn track_view(tracker: &mut Tracker, job: &Value) -> Result<(), Failure> {
    let event = ScreenViewEvent::builder()
        .id(uuid::Uuid::new_v4())
        .name(text(&job["page"]["title"]))
        .previous_name(text(&job["page"]["referrer"]))
        .build()?;
    tracker.track(event, None)?;
    Ok(())
}

/// Returns the seconds of tracking events, and of sending them if there is a URL.
fn deliver(job: &Value, kind: &str, url: Option<&str>, events: u64) -> Result<Value, Failure> {
    let mut tracker = tracker(job, url)?;
    let track = if kind == "order" { track_order } else { track_view };
    let (started, cpu) = (Instant::now(), cpu_seconds());
    for _ in 0..events {
        track(&mut tracker, job)?;
    }
    tracker.close_emitter()?; // waits for the last response
    Ok(json!({"wall": started.elapsed().as_secs_f64(), "cpu": cpu_seconds() - cpu}))
}

fn cpu_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec that outlives the call.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, version, runtime] = &arguments[..] else {
        return Err("arguments: the job's file, the tracker's version, the compiler's".into());
    };
    let job: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let about = json!({"name": "snowplow_tracker", "version": version, "runtime": runtime});
    for line in std::io::stdin().lock().lines() {
        let call: Value = serde_json::from_str(&line?)?;
        let result = if text(&call[0]) == "about" {
            about.clone()
        } else {
            deliver(&job, text(&call[1]), call[2].as_str(), call[3].as_u64().unwrap_or(0))?
        };
        println!("{result}");
        std::io::stdout().flush()?;
    }
    Ok(())
}
