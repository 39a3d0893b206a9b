use crate::model::{Gateway, Key, Kind, MeshChoice, ParentRef, Ref, Relation, Text};
use crate::operators::{Arrangement, Rows};
use crate::rules;

/// Gateways and parentRefs with the mesh that was chosen for them, by themselves or by their namespace. Keyed by the
/// Gateway, and by the parent that the parentRef names. What nobody chose a mesh for is left as it is.
pub(crate) fn object_meshes<'s>(
    gateways: Rows<'s, Gateway>,
    parent_refs: Rows<'s, ParentRef>,
    choices: Arrangement<'s, MeshChoice>,
) -> (Rows<'s, Gateway>, Arrangement<'s, ParentRef>) {
    let gateways = in_mesh(gateways, "gateways by namespace", choices.clone());
    let parent_refs = in_mesh(parent_refs, "parentRefs by namespace", choices);
    (gateways, parent_refs.arrange("parentRefs by parent"))
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
    let namespace = |_, object: &Ref<T>| Some(Key::of(Kind::Namespace, "", object.namespace()));
    rows.rekey(namespace).arrange(name).overlay(choices, T::key, |object, choice| {
        let mut object = object.clone();
        let mesh = rules::meshes::by_namespace(object.mesh().as_ref(), &choice.mesh)?;
        *object.mesh() = Some(mesh.clone());
        Some(object)
    })
}
