//! The controller as its users run it: a process of its own with the rights of `deploy/rbac.yaml`, beside a real etcd
//! and API server, judged by what is in the cluster and by what the audit log says it asked for.
//!
//! All tests of calm weather use one API server at the same time: each has a controllerName, a GatewayClass and
//! namespaces of its own, and every name holds the name of its world, so that each write can be counted for one of
//! them. What they do to each other is the traffic of a shared cluster. Tests that trouble the API server itself take
//! turns on a second one.

mod apiserver {
    mod cluster;
    mod objects;
    mod process;
    mod proxy;
    mod world;

    mod admission;
    mod adopt;
    mod adoption;
    mod answers;
    mod certificates;
    mod churn;
    mod counts;
    mod crash;
    mod drift;
    mod finalizer;
    mod hostile;
    mod installation;
    mod neighbours;
    mod permissions;
    mod processes;
    mod rude;
    mod silence;
    mod streams;
    mod translation;
    mod weather;
}
