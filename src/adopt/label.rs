//! The label by which Kuma's controllers find what they made.

/// On a `MeshGateway` the Gateway, on a `MeshHTTPRoute` the HTTPRoute that it was made for.
pub const OWNER_LABEL: &str = "gateways.kuma.io/gateway.networking.k8s.io-owner";

/// Length of the readable part, so that the whole fits a label.
const READABLE_MAX: usize = 54;

/// The value of the label for an owner: `<namespace>_<name>`, cut, and a hash. Not unique: the hash runs over namespace
/// and name without anything between them.
pub fn owner_label(namespace: &str, name: &str) -> String {
    let readable: String = format!("{namespace}_{name}").chars().take(READABLE_MAX).collect();
    format!("{readable}-{:08x}", fnv1(namespace.bytes().chain(name.bytes())))
}

/// FNV-1 of 32 bits: first multiply, then XOR.
fn fnv1(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_that_kuma_writes() {
        assert_eq!(owner_label("shop", "web"), "shop_web-40a247c9");
        assert_eq!(owner_label("default", "kuma"), "default_kuma-0db9822a");
        assert_eq!(owner_label("kuma-demo", "canary-demo-app"), "kuma-demo_canary-demo-app-49e52a21");
        assert_eq!(owner_label("n", &"x".repeat(200)).len(), READABLE_MAX + 9);
    }
}
