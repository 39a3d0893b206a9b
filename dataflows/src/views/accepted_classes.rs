use crate::model::{Class, ClassParameters, ClassVerdict, Key, Kind, Ref};
use crate::operators::{Arrangement, Rows};
use crate::rules;

/// What became of each class of ours. Keyed by the class.
pub(crate) fn accepted_classes<'s>(
    classes: Rows<'s, Class>,
    parameters: Arrangement<'s, ClassParameters>,
) -> Rows<'s, ClassVerdict> {
    classes
        .rekey(|_, class| Some(parameters_key(class)))
        .arrange("classes by parameters")
        .left_join(parameters, |_, class, found| {
            let key = Key::of(Kind::GatewayClass, "", &class.name);
            let parameters = match &class.parameters {
                Some(reference) => rules::class::resolve(reference, found),
                None => Ok(Ref::default()),
            };
            let (name, leaving) = (class.name.clone(), class.leaving);
            Some((key, ClassVerdict { class: key, name, parameters, leaving }))
        })
        .shared("classes")
}

/// The MeshGatewayConfig that a class names; one that cannot exist if it names none.
fn parameters_key(class: &Class) -> Key {
    Key::of(Kind::MeshGatewayConfig, "", class.parameters.as_ref().map_or("", |reference| &reference.name))
}
