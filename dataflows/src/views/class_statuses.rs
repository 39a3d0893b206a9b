use crate::model::{Bundle, ClassStatus, ClassUse, ClassVerdict, CrdVersion, Generation, Kind, ManagedGateway};
use crate::operators::{Rows, cogroup};
use crate::rules;

/// What each GatewayClass of ours should say, and whether it is held because Gateways use it. Keyed by the class.
///
/// However many Gateways a class has, its group holds one row for all of them.
pub(crate) fn class_statuses<'s>(
    classes: Rows<'s, ClassVerdict>,
    managed: Rows<'s, ManagedGateway>,
    generations: Rows<'s, Generation>,
    definitions: Rows<'s, CrdVersion>,
) -> Rows<'s, ClassStatus> {
    let generations = generations.rekey(|key, row| (row.kind == Kind::GatewayClass).then_some(key));
    let uses = managed.flat_map(|_, managed| Some((managed.gateway.class, ClassUse {}))).distinct("classes in use");
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
    let inputs = [classes.any(), uses.any(), generations.any(), bundles.any()];
    cogroup("class statuses by class", inputs, |_, group, statuses| {
        if let (Some(verdict), Some(row)) = (group.one::<ClassVerdict>(), group.one::<Generation>()) {
            let bundle = group.one::<Bundle>().cloned().unwrap_or_default();
            let in_use = rules::class::is_held(verdict, group.one::<ClassUse>().is_some());
            statuses.push(ClassStatus { generation: row.generation, verdict: verdict.clone(), bundle, in_use });
        }
    })
}
