//! Whatever users write, every object that we write is one that the API server and Kuma's webhooks take.

use dataflows::model::Settings;
use deltagate::documents::{self, Format};
use deltagate::render;
use kit::inputs::{self, Taste};
use kit::valid;
use serde_json::{Value, json};

/// Worlds of each taste.
const CASES: u32 = 192;

/// What is made of these objects.
fn generated(objects: &[Value]) -> Result<Vec<Value>, String> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let reading = documents::read_text("world", Format::Json, &list);
    let rendered = render::render(&Settings::default(), reading).map_err(|error| error.to_string())?;
    Ok(rendered.documents.into_iter().filter(|document| document.get("status").is_none()).collect())
}

fn all_are_valid<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Result<(), String> {
    for object in objects {
        let problems = valid::problems(&Settings::default().system_namespace, object);
        if !problems.is_empty() {
            return Err(format!("{}\n{object:#}", problems.join("\n")));
        }
    }
    Ok(())
}

#[test]
fn what_sound_objects_become_is_taken() {
    inputs::hold(CASES, inputs::world(Taste::Sound), |world| all_are_valid(&generated(&world.objects)?));
}

#[test]
fn what_nasty_objects_become_is_taken() {
    inputs::hold(CASES, inputs::world(Taste::Nasty), |world| all_are_valid(&generated(&world.objects)?));
}
