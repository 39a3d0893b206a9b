//! `deltagate run --from DIR --to DIR`: the controller without a cluster.

mod directory {
    mod world;

    mod edits;
    mod output;
    mod unreadable;
    mod usage;
}
