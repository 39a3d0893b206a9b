//! What the tests share: worlds to try things on, judges of what comes out, and places to run in.
//!
//! | | |
//! |---|---|
//! | worlds | [`inputs`]: objects as users write them; [`world`]: histories of facts; [`shop`]: the least that a route needs |
//! | judges | [`oracle`]: recomputation from scratch; [`valid`]: API server and webhooks; [`kuma`] and [`gateway_api`]: what becomes of a request, in the words of [`traffic`] |
//! | places | [`scenario`]: a cluster in memory; [`processes`]: several engines as one; [`apiserver`]: a real one, with the CRDs that [`crds`] finds |

pub mod apiserver;
pub mod crds;
pub mod gateway_api;
pub mod inputs;
pub mod kuma;
pub mod oracle;
pub mod processes;
pub mod scenario;
pub mod shop;
pub mod traffic;
pub mod valid;
pub mod world;
