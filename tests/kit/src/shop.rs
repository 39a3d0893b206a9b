//! A shop, for tests that run the program on files: the least of which a route becomes an object.

/// The class of everything below.
pub const CLASS: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata:
  name: kuma
spec:
  controllerName: gateways.kuma.io/controller
";

/// A Gateway with one listener.
pub const GATEWAY: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: edge
spec:
  gatewayClassName: kuma
  listeners:
  - name: http
    port: 80
    protocol: HTTP
";

/// A route on it.
pub const ROUTE: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: cart
spec:
  parentRefs:
  - name: edge
  rules:
  - backendRefs:
    - name: cart
      port: 8080
";

/// The Service that the route leads to.
pub const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: cart
spec:
  clusterIP: 10.0.0.7
  ports:
  - port: 8080
";

/// All of it but the route, as one stream of documents.
pub fn without_route() -> String {
    [CLASS, GATEWAY, SERVICE].join("---\n")
}
