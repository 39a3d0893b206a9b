use super::*;

fn of(kind: Kind) -> Collection {
    Collection { kind, share: super::super::kinds::Share::All }
}

fn identity(uid: &str, version: &str) -> Identity {
    let name = ObjectName::new(Kind::MeshGateway, "", "a");
    Identity { name, collection: of(Kind::MeshGateway), uid: uid.into(), version: Version::parse(version) }
}

fn key() -> Key {
    identity("", "").name.key()
}

fn showing(uid: &str, version: &str) -> Versions {
    let mut versions = Versions::default();
    versions.insert(key(), Entry::new(identity(uid, version), None, true, Memory::default()));
    versions
}

#[test]
fn an_older_observation_never_replaces_a_newer_one() {
    use Admission::{Known, Newer, Stale};
    for (known, seen, expected) in [
        (("u", "9"), ("u", "10"), Newer),
        (("u", "10"), ("u", "10"), Known),
        (("u", "10"), ("u", "9"), Stale),
        (("u", "10"), ("re-created", "11"), Newer),
        (("re-created", "11"), ("u", "10"), Stale),
        (("u", "x"), ("u", "y"), Newer),
        (("u", "x"), ("u", "x"), Known),
        (("u", "x"), ("other", "x"), Newer),
    ] {
        let versions = showing(known.0, known.1);
        assert_eq!(versions.admit(key(), &identity(seen.0, seen.1), Witness::Watch), expected, "{known:?} {seen:?}");
    }
    assert_eq!(Versions::default().admit(key(), &identity("u", "1"), Witness::Watch), Newer);
}

#[test]
fn an_answer_that_the_watch_has_passed_does_not_bring_an_object_back() {
    let mut versions = showing("u", "5");
    assert!(versions.remove(key(), &identity("u", "8")));
    assert_eq!(versions.admit(key(), &identity("u", "7"), Witness::Answer { passed: 8 }), Admission::Stale);
    assert_eq!(versions.admit(key(), &identity("u2", "9"), Witness::Answer { passed: 8 }), Admission::Newer);
}

#[test]
fn a_deleted_object_stays_deleted_until_it_is_made_anew() {
    let mut versions = showing("u", "5");
    assert!(versions.bury(key(), "u"));
    assert!(!versions.bury(key(), "u"));
    assert!(versions.get(key()).is_none());
    assert_eq!(versions.admit(key(), &identity("u", "6"), Witness::Watch), Admission::Stale);
    assert_eq!(versions.admit(key(), &identity("u2", "8"), Witness::Watch), Admission::Newer);
    assert!(!versions.remove(key(), &identity("u", "7")), "known already");
    assert!(versions.is_empty());
}

#[test]
fn what_a_list_or_a_later_answer_shows_was_not_deleted() {
    use Admission::{Newer, Stale};
    for (witness, version, expected) in [
        (Witness::List, "5", Newer),
        (Witness::List, "6", Newer),
        (Witness::List, "4", Stale),
        (Witness::Answer { passed: 9 }, "5", Newer),
        (Witness::Answer { passed: 9 }, "4", Stale),
        (Witness::Watch, "6", Stale),
    ] {
        let mut versions = showing("u", "5");
        versions.bury(key(), "u");
        let seen = identity("u", version);
        assert_eq!(versions.admit(key(), &seen, witness), expected, "{witness:?} {version}");
        if expected == Newer {
            versions.insert(key(), Entry::new(seen, None, true, Memory::default()));
            assert!(versions.get(key()).is_some());
            assert!(versions.remove(key(), &identity("u", "7")), "its end is news again");
        }
    }
}

#[test]
fn the_end_of_an_object_is_not_the_end_of_its_successor() {
    let mut versions = showing("successor", "9");
    assert!(!versions.remove(key(), &identity("u", "8")));
    assert!(versions.get(key()).is_some());
}

#[test]
fn a_complete_list_takes_away_what_it_lacks_and_nothing_younger() {
    let listed = Version::parse("10");
    let none = HashSet::new();
    assert_eq!(showing("u", "9").drop_missing(of(Kind::MeshGateway), &none, Some(&listed)).len(), 1);
    assert_eq!(showing("u", "11").drop_missing(of(Kind::MeshGateway), &none, Some(&listed)).len(), 0);
    assert_eq!(showing("u", "9").drop_missing(of(Kind::Gateway), &none, Some(&listed)).len(), 0);
    assert_eq!(showing("u", "9").drop_missing(of(Kind::MeshGateway), &HashSet::from([key()]), Some(&listed)).len(), 0);
    let mut buried = showing("u", "9");
    buried.bury(key(), "u");
    assert_eq!(buried.drop_missing(of(Kind::MeshGateway), &none, Some(&listed)).len(), 0, "known already");
    assert!(buried.is_empty());
}
