//! The few values of which worlds are made, so that things collide.

/// What kind of values users write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taste {
    /// Such as the CRDs of Gateway API let pass.
    Sound,
    /// Also such as they refuse, for not every cluster has these CRDs, and such as lie at the edge of what fits.
    Nasty,
}

/// A namespace of the longest name there is.
const LONG_NAMESPACE: &str = "namespaces-of-sixty-three-characters-which-is-the-most-there-is";

macro_rules! long {
    ($last:literal) => {
        concat!(
            "a-very-long-name-that-goes-on-and-on-until-it-is-as-long-as-names-can-be.",
            "so-that-nothing-can-be-put-behind-it-without-cutting-something-off-of-it.",
            "and-still-it-is-not-long-enough-for-it-has-to-have-two-hundred-and-fifty-",
            "three-characters.and-more.",
            $last
        )
    };
}

pub(super) const NAMESPACES: [&str; 4] = ["shop", "infra", "db", LONG_NAMESPACE];
pub(super) const MESHES: [&str; 3] = ["default", "other", "nowhere"];
/// Classes: one of another controller, one without parameters, one for Gateways that other meshes come in by.
pub(super) const CLASSES: [&str; 3] = ["kuma", "foreign", "inner"];
pub(super) const TEAMS: [&str; 2] = ["blue", "red"];

pub(super) const SERVICES: [(&str, &str); 6] =
    [("shop", "cart"), ("shop", "auth"), ("infra", "cart"), ("infra", "auth"), ("db", "cart"), ("db", "auth")];
pub(super) const SERVICE_PORTS: [u16; 2] = [80, 8080];

pub(super) const LISTENERS: [&str; 4] = ["a", "b", "c", "d"];
/// Ports of listeners, each with the protocol that most of its listeners speak.
pub(super) const PORTS: [(u16, &str); 5] = [(80, "HTTP"), (81, "HTTP"), (443, "HTTPS"), (8443, "TLS"), (9000, "TCP")];
/// Secrets that listeners name.
pub(super) const SECRETS: [(&str, &str); 3] = [("infra", "cert"), ("shop", "cert"), ("infra", "spare")];

pub(super) const HOSTNAMES: &[&str] =
    &["a.example", "b.example", "*.example", "x.a.example", "*.a.example", "*.x.a.example", "other.test"];
pub(super) const PATHS: &[&str] = &["/", "/a", "/a/", "/a/b", "/ab", "/b", "/a/b/c"];
pub(super) const EXPRESSIONS: &[&str] = &["/a.*", "/[ab]", "/a/(b|c)", "/.+", "/a(--|&&)?.*", "/(a|{id})"];
pub(super) const METHODS: &[&str] = &["GET", "POST"];
pub(super) const CALLED_SERVICES: &[&str] = &["a.B", "a.C"];
pub(super) const CALLED_METHODS: &[&str] = &["Get", "Put"];
pub(super) const CALL_EXPRESSIONS: &[(&str, &str)] = &[("a[.].*", "Get"), ("a[.]B", "[GP].t")];
pub(super) const TIMES: &[&str] = &["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2025-12-31T23:59:59Z"];
pub(super) const NAMES: &[&str] = &["x-beta", "x-team", "X-Beta"];
pub(super) const VALUES: &[&str] = &["1", "2", "b", "5%"];
pub(super) const VALUE_EXPRESSIONS: &[&str] = &["1|2", "[0-9]", "b.*"];
pub(super) const WEIGHTS: &[i64] = &[1, 0, 3, 90];

/// Hostnames that no CRD lets pass, or that are as long as can be.
pub(super) const NASTY_HOSTNAMES: &[&str] = &[
    "a.example",
    "A.Example",
    "*.example",
    "10.0.0.1",
    "010.0.0.1",
    "under_score.example",
    "*",
    "-a.example",
    "a..example",
    "*.*.example",
    "a.example.",
    "xn--bcher-kva.example",
    "a-label-of-sixty-four-characters-which-is-one-more-than-a-label-takes.example",
];
pub(super) const NASTY_PATHS: &[&str] = &[
    "/", "", "a", "//", "/a//", "/a//b", "/a b", "/ä", "/a%2fb", "/a?b", "/a#b", "/a/../b", "/a/./b", "/{a}", "/a\\",
    "/a\"b",
];
pub(super) const NASTY_EXPRESSIONS: &[&str] = &[
    "",
    "(",
    "(?=a)",
    "[a&&b]",
    "^/a$",
    "a{1001}",
    "\\pL+",
    "(a|b",
    "*",
    "a++",
    "[^/]**",
    "a{2}{3}",
    "(a|b){500}{2}",
    "((a{100}){100})",
    "(?x)a b",
    "(?-u:a)",
    "\\u0061",
    "\\p{Letter}",
    "a{,3}",
    "[a~~b]",
];
pub(super) const NASTY_NAMES: &[&str] =
    &["x-beta", "X-Beta", "x beta", "x:beta", "", "host", ":path", "ä", concat!("x-", long!("header-name-beyond-256"))];
pub(super) const NASTY_VALUES: &[&str] =
    &["1", "", "a b", "c++", "a\nb", "a\r\nb: c", "ä", "a\u{0}b", "%REQ(x)%", "\"", "\t"];
pub(super) const NASTY_METHODS: &[&str] = &["GET", "get", "BREW", ""];
pub(super) const NASTY_WEIGHTS: &[i64] = &[1, 0, -1, 1_000_000, 2_147_483_647, 2_147_483_648, i64::MAX];
pub(super) const NASTY_PORTS: &[i64] = &[80, 0, -1, 65_535, 65_536];

/// Namespace and name of the Gateways of a world.
pub(super) fn gateways(taste: Taste) -> [(&'static str, &'static str); 3] {
    match taste {
        Taste::Sound => [("infra", "edge"), ("shop", "edge"), ("infra", "inner")],
        Taste::Nasty => [("infra", "edge"), (LONG_NAMESPACE, long!("gateway")), ("shop", "a.b")],
    }
}

/// Namespace and name of the `ListenerSets` of a world.
pub(super) fn listener_sets(taste: Taste) -> [(&'static str, &'static str); 2] {
    match taste {
        Taste::Sound => [("infra", "more"), ("shop", "more")],
        Taste::Nasty => [("infra", "more"), (LONG_NAMESPACE, long!("set"))],
    }
}

/// Namespace and name of the routes of a world.
pub(super) fn routes(taste: Taste) -> [(&'static str, &'static str); 6] {
    match taste {
        Taste::Sound => {
            [("shop", "web"), ("shop", "api"), ("infra", "web"), ("db", "web"), ("shop", "old"), ("infra", "docs")]
        }
        Taste::Nasty => [
            ("shop", "a-b"),
            (LONG_NAMESPACE, long!("route")),
            (LONG_NAMESPACE, long!("other")),
            ("db", "a.b"),
            ("shop", "a-b.c"),
            ("shop", "1"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_as_long_as_names_can_be() {
        assert_eq!(LONG_NAMESPACE.len(), 63);
        let all = gateways(Taste::Nasty).into_iter().chain(routes(Taste::Nasty)).chain(listener_sets(Taste::Nasty));
        assert!(all.clone().all(|(namespace, name)| namespace.len() <= 63 && name.len() <= 253), "{all:?}");
        assert!(all.clone().any(|(_, name)| name.len() > 250), "{all:?}");
    }
}
