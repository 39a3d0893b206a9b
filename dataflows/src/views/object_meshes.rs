use crate::model::{Gateway, Key, Kind, MeshChoice, ParentRef, Ref, Relation, Text};
use crate::operators::{Arrangement, Rows};
use crate::rules;

/// Gateways and parentRefs with the mesh that they are in, whoever chose it. Keyed by the Gateway, and by the parent
/// that the parentRef names.
pub(crate) fn object_meshes<'s>(
    gateways: Rows<'s, Gateway>,
    parent_refs: Rows<'s, ParentRef>,
    choices: Arrangement<'s, MeshChoice>,
) -> (Rows<'s, Gateway>, Rows<'s, ParentRef>) {
    let gateways = in_mesh(gateways, "gateways by namespace", choices.clone());
    let parent_refs = in_mesh(parent_refs, "parentRefs by namespace", choices);
    (gateways, parent_refs)
}

/// What can choose a mesh for itself.
trait ChoosesMesh: Relation + Clone {
    fn namespace(&self) -> &Text;
    fn mesh(&mut self) -> &mut Option<Text>;
    fn key(&self) -> Key;
}

impl ChoosesMesh for Gateway {
    fn namespace(&self) -> &Text {
        &self.namespace
    }
    fn mesh(&mut self) -> &mut Option<Text> {
        &mut self.mesh
    }
    fn key(&self) -> Key {
        Key::of(Kind::Gateway, &self.namespace, &self.name)
    }
}

impl ChoosesMesh for ParentRef {
    fn namespace(&self) -> &Text {
        &self.age.namespace
    }
    fn mesh(&mut self) -> &mut Option<Text> {
        &mut self.mesh
    }
    fn key(&self) -> Key {
        self.parent
    }
}

fn in_mesh<'s, T: ChoosesMesh>(rows: Rows<'s, T>, name: &str, choices: Arrangement<'s, MeshChoice>) -> Rows<'s, T> {
    rows.rekey(|_, object: &Ref<T>| Some(Key::of(Kind::Namespace, "", object.namespace()))).arrange(name).left_join(
        choices,
        |_, object, choice| {
            let mut object = T::clone(object);
            let mesh = object.mesh();
            *mesh = Some(rules::meshes::mesh_of(mesh.as_ref(), choice.map(|choice| &choice.mesh)));
            Some((object.key(), object))
        },
    )
}
