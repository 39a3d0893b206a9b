use crate::model::{Attachment, Destination, Key, Kind, Mesh, ParentRef, ParentVerdict, ServiceParent, Settings};
use crate::operators::{Arrangement, Rows};
use crate::rules;

/// What became of each parentRef to a Service or MeshService, whether that exists or not: its verdict, keyed by the
/// route, and the ports that it is attached to, keyed by the parentRef.
///
/// The ports of a Service need no arrangement of their own: a parentRef asks the Service for them.
pub(crate) fn service_parents<'s>(
    parents: Arrangement<'s, ParentRef>,
    services: Arrangement<'s, Destination>,
    meshes: Arrangement<'s, Mesh>,
    settings: &Settings,
) -> (Rows<'s, ParentVerdict>, Rows<'s, Attachment>) {
    let settings = settings.clone();
    let judged = parents
        .left_join(services, |_, parent, service| {
            rules::service_parents::is_asked(parent).then(|| {
                let mesh = rules::meshes::mesh_of(parent.mesh.as_ref());
                let asked = ServiceParent { parent: parent.clone(), service: service.cloned() };
                (Key::of(Kind::Mesh, "", &mesh), asked)
            })
        })
        .arrange("parentRefs to Services by mesh")
        .left_join(meshes, move |_, asked, mesh| {
            let judged = rules::service_parents::judge(&settings, asked, mesh.map(|mesh| &**mesh));
            Some((asked.parent.route, judged))
        })
        .shared("judged parentRefs to Services");
    let verdicts = judged.clone().flat_map(|route, judged| Some((route, ParentVerdict::clone(&judged.verdict))));
    let attachments = judged.flat_map(|_, judged| {
        let parent = judged.verdict.parent.key();
        rules::service_parents::attachments(judged).map(move |attachment| (parent, attachment))
    });
    (verdicts, attachments)
}
