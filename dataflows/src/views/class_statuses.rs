use crate::model::{Bundle, ClassStatus, ClassVerdict, CrdVersion, Generation, Kind};
use crate::operators::{Rows, cogroup};
use crate::rules;

/// What each GatewayClass of ours should say. Keyed by the class.
pub(crate) fn class_statuses<'s>(
    classes: Rows<'s, ClassVerdict>,
    generations: Rows<'s, Generation>,
    definitions: Rows<'s, CrdVersion>,
) -> Rows<'s, ClassStatus> {
    let generations = generations.rekey(|key, row| (row.kind == Kind::GatewayClass).then_some(key));
    // A dozen definitions at most, and they change when somebody installs another version.
    let bundle = cogroup("bundle of Gateway API", [definitions.any()], |_, group, bundles| {
        bundles.push(rules::bundle::bundle(group.all()));
    })
    .arrange("bundle");
    let bundles = classes
        .clone()
        .rekey(|_, _| Some(CrdVersion::group_key()))
        .arrange("classes by bundle")
        .join(bundle, |_, class, bundle| Some((class.class, Bundle::clone(bundle))));
    cogroup("class statuses by class", [classes.any(), generations.any(), bundles.any()], |_, group, statuses| {
        if let (Some(verdict), Some(row)) = (group.one::<ClassVerdict>(), group.one::<Generation>()) {
            let bundle = group.one::<Bundle>().cloned().unwrap_or_default();
            statuses.push(ClassStatus { generation: row.generation, verdict: verdict.clone(), bundle });
        }
    })
}
