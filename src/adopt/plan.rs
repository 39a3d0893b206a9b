//! What is to become of each object that Kuma's controllers made. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use dataflows::model::{Kind, ObjectName, Settings};
use dataflows::rules::names;

use super::label::owner_label;
use super::survey::{Answer, Part, Seen, Survey};

/// What is to become of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The object, as it was seen.
    pub seen: Seen,
    /// What is to become of it.
    pub fate: Fate,
}

/// What is to become of an object. In the order in which it is done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It gets our labels, so that `run` goes on with it in place.
    Adopt(ObjectName),
    /// It goes; why it may.
    Remove(String),
    /// It stays until something else has happened.
    Wait(String),
    /// It is none of our business.
    Leave(String),
}

impl Fate {
    /// The fate in one word.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Adopt(_) => "adopt",
            Self::Remove(_) => "remove",
            Self::Wait(_) => "wait",
            Self::Leave(_) => "leave",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match &self.fate {
            Fate::Adopt(owner) => format!("becomes ours, for {owner}"),
            Fate::Remove(why) | Fate::Wait(why) | Fate::Leave(why) => why.clone(),
        };
        write!(out, "{:<7} {}: {why}", self.fate.verb(), self.seen.object)
    }
}

/// What is to become of everything that Kuma's controllers made, in the order in which it is safe: what serves traffic
/// is adopted first; a `MeshGateway` goes before its routes, and a copy after all that could name it.
pub fn plan(settings: &Settings, survey: &Survey) -> Vec<Step> {
    let known = Known::of(settings, survey);
    let mut steps: Vec<_> =
        survey.objects.iter().filter_map(|seen| Some(Step { fate: known.fate(seen)?, seen: seen.clone() })).collect();
    steps.sort_by(|left, right| left.order().cmp(&right.order()));
    steps
}

impl Step {
    fn order(&self) -> (bool, u8, &ObjectName) {
        let kind = match self.seen.part {
            Part::Instance(_) => 0,
            Part::MeshGateway(_) => 1,
            Part::Route { .. } => 2,
            Part::Copy => 3,
        };
        (!matches!(self.fate, Fate::Adopt(_)), kind, &self.seen.object)
    }
}

/// The survey, by what is looked up in it.
struct Known<'a> {
    settings: &'a Settings,
    survey: &'a Survey,
    /// Gateways and routes by the label that Kuma gives to what it makes of them.
    by_label: BTreeMap<String, Vec<&'a ObjectName>>,
    by_mesh_gateway: BTreeMap<String, &'a ObjectName>,
    /// What our routes were made for, and the `MeshGateway` that they act on.
    replaced: BTreeSet<(&'a str, Option<&'a str>)>,
    our_routes: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    fn of(settings: &'a Settings, survey: &'a Survey) -> Self {
        let mut by_label = BTreeMap::<_, Vec<_>>::new();
        for owner in survey.gateways.keys().chain(survey.routes.keys()) {
            by_label.entry(owner_label(&owner.namespace, &owner.name)).or_default().push(owner);
        }
        let name = |gateway: &'a ObjectName| (names::mesh_gateway(&gateway.namespace, &gateway.name), gateway);
        let ours = survey.objects.iter().filter_map(|seen| match &seen.part {
            Part::Route { target, owner: Some(owner) } => Some((seen, (owner.as_str(), target.as_deref()))),
            _ => None,
        });
        Self {
            settings,
            survey,
            by_label,
            by_mesh_gateway: survey.gateways.keys().map(name).collect(),
            replaced: ours.clone().map(|(_, replaced)| replaced).collect(),
            our_routes: ours.map(|(seen, _)| &*seen.object.name).collect(),
        }
    }

    /// `None` if Kuma's controllers did not make it.
    fn fate(&self, seen: &Seen) -> Option<Fate> {
        let fate = match &seen.part {
            Part::MeshGateway(_) => self.of_mesh_gateway(seen, seen.label.as_deref()?),
            Part::Instance(gateway) if !seen.ours => self.of_instance(seen, gateway.as_deref()?),
            Part::Route { target, .. } if !seen.ours => self.of_route(seen.label.as_deref()?, target.as_deref()),
            Part::Instance(_) | Part::Route { .. } => return None,
            Part::Copy if seen.foreign || seen.ours => return None,
            Part::Copy => self.of_copy(seen),
        };
        let foreign = || Fate::Leave("another control plane or another installation of Deltagate keeps it".to_owned());
        Some(if seen.foreign { foreign() } else { fate })
    }

    fn of_mesh_gateway(&self, seen: &Seen, label: &str) -> Fate {
        let Some(owner) = self.owners(Kind::Gateway, label).next() else {
            return Fate::Remove("the Gateway that it was made for does not exist".to_owned());
        };
        match self.by_mesh_gateway.get(&*seen.object.name) {
            Some(gateway) if self.owners(Kind::Gateway, label).any(|owner| owner == *gateway) => self.adopt(gateway),
            _ => Fate::Leave(format!("it has the label of {owner}, but not the name: delete it if nothing needs it")),
        }
    }

    fn of_instance(&self, seen: &Seen, gateway: &str) -> Fate {
        let owner = ObjectName::new(Kind::Gateway, &seen.object.namespace, gateway);
        if *seen.object.name == *gateway {
            self.adopt(&owner)
        } else {
            Fate::Leave(format!("it belongs to {owner}, but has another name: delete it if nothing needs it"))
        }
    }

    fn adopt(&self, gateway: &ObjectName) -> Fate {
        match self.survey.gateways.get(gateway) {
            Some(true) => Fate::Adopt(gateway.clone()),
            Some(false) => Fate::Leave(format!("{gateway} is of a class of another controllerName")),
            None => Fate::Leave(format!("{gateway} is gone, and Kubernetes removes it")),
        }
    }

    /// A label can stand for several routes: then all of them must have been replaced.
    fn of_route(&self, label: &str, target: Option<&str>) -> Fate {
        let fates = self.owners(Kind::HttpRoute, label).map(|route| self.for_route(route, target));
        let none = || Fate::Remove("the HTTPRoute that it was made for does not exist".to_owned());
        fates.max().unwrap_or_else(none)
    }

    fn for_route(&self, route: &ObjectName, target: Option<&str>) -> Fate {
        let replaced = self.replaced.contains(&(&*route.to_string(), target));
        let not_yet = || Fate::Wait(format!("`deltagate run` has not written its own for {route} yet"));
        let Some(target) = target else {
            return if replaced { Fate::Remove(format!("ours for {route} is there")) } else { not_yet() };
        };
        let Some(gateway) = self.by_mesh_gateway.get(target) else {
            return Fate::Remove(format!("the Gateway of MeshGateway \"{target}\" does not exist"));
        };
        if self.survey.gateways.get(*gateway) != Some(&true) {
            return Fate::Leave(format!("{gateway} is of a class of another controllerName"));
        }
        let [.., floor] = names::gateway_objects(self.settings, &gateway.namespace, &gateway.name);
        if !self.our_routes.contains(&*floor.name) {
            // A gateway with a port without any route takes no further configuration.
            return Fate::Wait(format!("`deltagate run` has not written {floor} for {gateway} yet"));
        }
        match self.survey.routes.get(route) {
            _ if replaced => Fate::Remove(format!("ours for {route} is there")),
            Some(Answer::Refused) => Fate::Remove(format!("{route} is not accepted: its status says why")),
            _ => not_yet(),
        }
    }

    fn of_copy(&self, seen: &Seen) -> Fate {
        let name = &*seen.object.name;
        let names_it = |other: &&Seen| matches!(&other.part, Part::MeshGateway(secrets) if secrets.contains(name));
        let users: Vec<_> = self.survey.objects.iter().filter(names_it).collect();
        let stays = |user: &&&Seen| !user.ours && !matches!(self.fate(user), Some(Fate::Adopt(_) | Fate::Remove(_)));
        match (users.iter().find(stays), users.first()) {
            (Some(user), _) => Fate::Leave(format!("{} names it", user.object)),
            (None, Some(user)) => {
                Fate::Wait(format!("{} names it until `deltagate run` has rewritten that", user.object))
            }
            (None, None) => Fate::Remove("no MeshGateway names it".to_owned()),
        }
    }

    fn owners(&self, kind: Kind, label: &str) -> impl Iterator<Item = &'a ObjectName> {
        let owners = self.by_label.get(label).map_or(&[][..], Vec::as_slice);
        owners.iter().copied().filter(move |owner| owner.kind == kind)
    }
}

#[cfg(test)]
mod tests;
