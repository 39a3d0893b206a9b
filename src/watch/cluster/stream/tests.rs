use dataflows::model::ObjectName;
use serde_json::json;

use super::*;
use crate::observations::kinds::Share;
use crate::watch::cluster::testing::{Answer, Server, feed};

const NAMESPACES: Collection = Collection { kind: Kind::Namespace, share: Share::All };

fn namespace(name: &str, version: u32) -> Value {
    json!({"metadata": {"name": name, "uid": name, "resourceVersion": version.to_string()}})
}

fn added(name: &str, version: u32) -> String {
    json!({"type": "ADDED", "object": namespace(name, version)}).to_string()
}

/// The bookmark that ends a list.
fn end(version: u32) -> String {
    let annotations = json!({"k8s.io/initial-events-end": "true"});
    let metadata = json!({"resourceVersion": version.to_string(), "annotations": annotations});
    json!({"type": "BOOKMARK", "object": {"kind": "Namespace", "apiVersion": "v1", "metadata": metadata}}).to_string()
}

/// What a request is, in short.
fn short(asked: &str) -> String {
    let query = asked.split_once('?').map_or("", |(_, query)| query);
    let from = query.split('&').find_map(|part| part.strip_prefix("resourceVersion="));
    match from {
        Some(version) => format!("from {version}"),
        None if query.contains("sendInitialEvents=true") => "streaming list".to_owned(),
        None => "list".to_owned(),
    }
}

/// What is asked when the namespaces are followed, and which of these names are there after so many requests.
async fn followed(answer: fn(&str, usize) -> Answer, requests: usize) -> (Vec<String>, Vec<&'static str>) {
    let (server, (feed, events)) = (Server::new(answer), feed());
    let (stop, stopped) = tokio::sync::watch::channel(());
    let definitions = Arc::new(Definitions::default());
    let stream = Stream::new(server.client(), Arc::clone(&feed), definitions, (NAMESPACES, "v1"), stopped);
    let following = tokio::spawn(stream.follow());
    let asked = server.asked(requests).await;
    drop(stop);
    following.await.unwrap();
    drop(events);
    let mut there = Vec::new();
    for name in ["old", "kept", "new", "deep"] {
        let key = ObjectName::new(Kind::Namespace, "", name).key();
        there.extend(feed.entry(key).await.map(|_| name));
    }
    (asked.iter().map(|asked| short(asked)).collect(), there)
}

#[tokio::test(start_paused = true)]
async fn a_version_from_the_future_that_is_answered_with_silence_is_forgotten() {
    // The cluster is restored after the first list, and tells nothing to who goes on from before.
    let answer = |asked: &str, before: usize| match short(asked).as_str() {
        "streaming list" if before == 0 => Answer::Open(vec![added("old", 80), added("kept", 5), end(90)]),
        "streaming list" => Answer::Open(vec![added("kept", 5), added("new", 30), end(30)]),
        _ => Answer::Open(Vec::new()),
    };
    let (asked, there) = followed(answer, 5).await;
    // An older list counts once it comes a second time.
    assert_eq!(asked, ["streaming list", "from 90", "streaming list", "streaming list", "from 30"]);
    assert_eq!(there, ["kept", "new"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_hangs_up_at_once_is_not_silent() {
    let answer = |asked: &str, before: usize| match short(asked).as_str() {
        "streaming list" => Answer::Open(vec![added("kept", 5), end(9)]),
        _ if before == 1 => Answer::Open(vec![added("new", 10)]),
        _ => Answer::Whole(String::new()),
    };
    let (asked, _) = followed(answer, 40).await;
    let listed = asked.iter().filter(|asked| *asked == "streaming list").count();
    assert_eq!((&asked[1], listed), (&"from 9".to_owned(), 1), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_streaming_list_whose_end_does_not_come_is_read_in_pages() {
    let answer = |asked: &str, _| match short(asked).as_str() {
        "streaming list" => Answer::Open(vec![added("old", 5)]),
        "list" => {
            let mut deep = namespace("deep", 7);
            deep["spec"] = json!("DEEP");
            let list = json!({"metadata": {"resourceVersion": "9"}, "items": [namespace("kept", 5), deep]});
            Answer::Whole(list.to_string().replace("\"DEEP\"", &("[".repeat(5_000) + &"]".repeat(5_000))))
        }
        _ => Answer::Open(Vec::new()),
    };
    let (asked, there) = followed(answer, 3).await;
    assert_eq!(asked, ["streaming list", "list", "from 9"]);
    assert_eq!(there, ["kept", "deep"]);
}
