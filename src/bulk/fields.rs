//! The fields of the protocol that the keys of a line set, as bits.

macro_rules! fields {
    ($($name:ident $text:literal)*) => {
        /// A field of the protocol.
        #[derive(Clone, Copy)]
        pub enum Field {
            $($name,)*
        }

        /// For each field, the bytes of a record before its value.
        const PREFIXES: &[&[u8]] = &[$(concat!("\"", $text, "\":\"").as_bytes(),)*];

        impl Field {
            /// Returns the field with a name in the protocol.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

fields! {
    AppId "aid" Platform "p"
    EventId "eid" Created "dtm" TrueTime "ttm"
    User "uid" Ip "ip" Agent "ua" DomainUser "duid" Session "sid" Visit "vid" Network "nuid" NetworkUser "tnuid"
    Timezone "tz" Language "lang" Resolution "res" Viewport "vp" Document "ds" Depth "cd" Charset "cs" Fingerprint "fp"
    Mac "mac" Cookie "cookie"
    Url "url" Page "page" Referrer "refr"
    MinX "pp_mix" MaxX "pp_max" MinY "pp_miy" MaxY "pp_may"
    Category "se_ca" Action "se_ac" Label "se_la" Property "se_pr" Worth "se_va"
}

impl Field {
    /// Its bit in a set of fields.
    pub const fn bit(self) -> u64 {
        1 << self as u64
    }

    /// Returns the bytes of a record before its value: `"name":"`.
    pub fn prefix(self) -> &'static [u8] {
        PREFIXES[self as usize]
    }

    /// Returns the field that a key of `subject` sets: see `bulk/subjects.py`.
    pub fn of_subject(key: &str) -> Option<Self> {
        Some(match key {
            "user_id" | "uid" => Self::User,
            "ip_address" | "ip" => Self::Ip,
            "useragent" | "ua" => Self::Agent,
            "domain_user_id" | "duid" => Self::DomainUser,
            "domain_session_id" | "sid" => Self::Session,
            "domain_session_index" | "vid" => Self::Visit,
            "nuid" => Self::Network,
            "network_user_id" | "tnuid" => Self::NetworkUser,
            "timezone" | "tz" => Self::Timezone,
            "lang" => Self::Language,
            "platform" | "p" => Self::Platform,
            "screen_resolution" | "res" => Self::Resolution,
            "viewport" | "vp" => Self::Viewport,
            "document_size" | "ds" => Self::Document,
            "color_depth" | "cd" => Self::Depth,
            "charset" | "cs" => Self::Charset,
            "fingerprint" | "fp" => Self::Fingerprint,
            "mac" => Self::Mac,
            "cookie" => Self::Cookie,
            _ => return None,
        })
    }

    /// Returns the field that a key of an event by its name sets: see `bulk/tracked.py`.
    pub fn of_event(key: &str) -> Option<Self> {
        Some(match key {
            "page_url" => Self::Url,
            "page_title" => Self::Page,
            "referrer" => Self::Referrer,
            "min_x" => Self::MinX,
            "max_x" => Self::MaxX,
            "min_y" => Self::MinY,
            "max_y" => Self::MaxY,
            "category" => Self::Category,
            "action" => Self::Action,
            "label" => Self::Label,
            "property" => Self::Property,
            "value" => Self::Worth,
            _ => return None,
        })
    }
}

/// A set of fields.
const fn all(fields: &[Field]) -> u64 {
    let (mut bits, mut place) = (0, 0);
    while place < fields.len() {
        bits |= fields[place].bit();
        place += 1;
    }
    bits
}

/// A kind of event by its name.
pub struct Kind {
    /// The value of the field `e`.
    pub code: &'static [u8; 2],
    /// Fields that keys of its own set.
    pub own: u64,
    /// Fields that it must have.
    pub required: u64,
    /// Whether it has a schema and data.
    pub is_described: bool,
}

const PAGE: u64 = all(&[Field::Url, Field::Page, Field::Referrer]);
const OFFSETS: u64 = all(&[Field::MinX, Field::MaxX, Field::MinY, Field::MaxY]);
const STRUCT: u64 = all(&[Field::Category, Field::Action, Field::Label, Field::Property, Field::Worth]);

/// A self-describing event, with or without its name.
pub static DESCRIBED: Kind = Kind { code: b"ue", own: 0, required: 0, is_described: true };
static PAGE_VIEW: Kind = Kind { code: b"pv", own: PAGE, required: Field::Url.bit(), is_described: false };
static PAGE_PING: Kind = Kind { code: b"pp", own: PAGE | OFFSETS, required: Field::Url.bit(), is_described: false };
static STRUCTURED: Kind =
    Kind { code: b"se", own: STRUCT, required: all(&[Field::Category, Field::Action]), is_described: false };

impl Kind {
    /// Returns the kind with a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        match name {
            "page_view" => Some(&PAGE_VIEW),
            "page_ping" => Some(&PAGE_PING),
            "struct" => Some(&STRUCTURED),
            "unstruct" => Some(&DESCRIBED),
            _ => None,
        }
    }
}
