import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.snowplowanalytics.snowplow.tracker.Subject;
import com.snowplowanalytics.snowplow.tracker.Tracker;
import com.snowplowanalytics.snowplow.tracker.configuration.NetworkConfiguration;
import com.snowplowanalytics.snowplow.tracker.configuration.SubjectConfiguration;
import com.snowplowanalytics.snowplow.tracker.configuration.TrackerConfiguration;
import com.snowplowanalytics.snowplow.tracker.emitter.BatchEmitter;
import com.snowplowanalytics.snowplow.tracker.events.Event;
import com.snowplowanalytics.snowplow.tracker.events.PageView;
import com.snowplowanalytics.snowplow.tracker.events.SelfDescribing;
import com.snowplowanalytics.snowplow.tracker.http.HttpClientAdapter;
import com.snowplowanalytics.snowplow.tracker.payload.SelfDescribingJson;
import com.snowplowanalytics.snowplow.tracker.payload.TrackerPayload;
import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Tracks the job with Snowplow's tracker for Java. See `benches.field.libraries.client`. */
public final class Program {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final OperatingSystemMXBean SYSTEM =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final Map<?, ?> job;

    private Program(Map<?, ?> job) {
        this.job = job;
    }

    /** Answers where the tracker would call its HTTP client, with the body as text. */
    private static final class Answering implements HttpClientAdapter {
        public int post(SelfDescribingJson payload) {
            return payload.toString().isEmpty() ? 400 : 200;
        }

        public int get(TrackerPayload payload) {
            return 200;
        }

        public String getUrl() {
            return "";
        }

        public Object getHttpClient() {
            return null;
        }
    }

    private Event event(String kind) {
        if (kind.equals("order")) {
            List<SelfDescribingJson> entities = new ArrayList<>();
            for (Object entity : (List<?>) job.get("entities")) {
                Map<?, ?> given = (Map<?, ?>) entity;
                entities.add(new SelfDescribingJson((String) given.get("schema"), given.get("data")));
            }
            SelfDescribingJson order =
                new SelfDescribingJson((String) job.get("schema"), job.get("order"));
            return SelfDescribing.builder().eventData(order).customContext(entities).build();
        }
        Map<?, ?> page = (Map<?, ?>) job.get("page");
        return PageView.builder()
            .pageUrl((String) page.get("url"))
            .pageTitle((String) page.get("title"))
            .referrer((String) page.get("referrer"))
            .build();
    }

    private Map<String, Double> deliver(String kind, String url, int events) {
        NetworkConfiguration network =
            url == null ? new NetworkConfiguration(new Answering()) : new NetworkConfiguration(url);
        SubjectConfiguration subject = new SubjectConfiguration().userId((String) job.get("user_id"));
        BatchEmitter emitter = new BatchEmitter(network);
        Tracker tracker =
            new Tracker(new TrackerConfiguration("field", "shop"), emitter, new Subject(subject));
        System.gc();
        long started = System.nanoTime();
        long cpu = SYSTEM.getProcessCpuTime();
        for (int number = 0; number < events; number++) {
            tracker.track(event(kind));
        }
        emitter.close(); // waits for the last response
        double spent = (SYSTEM.getProcessCpuTime() - cpu) / 1e9;
        return Map.of("wall", (System.nanoTime() - started) / 1e9, "cpu", spent);
    }

    public static void main(String[] arguments) throws Exception {
        Program program = new Program(JSON.readValue(new File(arguments[0]), Map.class));
        Map<String, String> about =
            Map.of(
                "name", "snowplow-java-tracker",
                "version", arguments[1],
                "runtime", "Java " + System.getProperty("java.version"));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode call = JSON.readTree(line);
            boolean isAbout = call.get(0).asText().equals("about");
            Object result =
                isAbout
                    ? about
                    : program.deliver(
                        call.get(1).asText(),
                        call.get(2).isNull() ? null : call.get(2).asText(),
                        call.get(3).asInt());
            System.out.println(JSON.writeValueAsString(result));
        }
        System.exit(0);
    }
}
