//! What must hold of every surface, not only of those that somebody thought of.

use denybox_core::decision::{Caller, Decision, Host, INPUT_VERSION, Input};
use denybox_core::justification::{Aim, Presented, Uses};
use denybox_core::path::AbsPath;
use denybox_core::policy::Policy;
use denybox_core::size::Size;
use denybox_core::surface::{Backing, Exposure, Surface};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Map;

use crate::table::{codes, interpreted, policy, table};

/// Any case's exposures, mixed, with small changes.
fn any_input() -> impl Strategy<Value = Input> {
    let table = table();
    let pool: Vec<Exposure> = table
        .cases
        .iter()
        .flat_map(|case| case.exposures.iter().map(|changed| table.exposure(changed)))
        .collect();
    let reasons = prop::collection::vec(select(vec!["", " ", "it spills", "…", "7"]), 0..3);
    let memory = select(vec![0_u64, 64 << 20, 1 << 30, u64::MAX]);
    (prop::collection::vec(select(pool), 0..8), reasons, memory, any::<bool>()).prop_map(
        |(exposures, reasons, memory_bytes, abstract_socket_scope)| Input {
            version: INPUT_VERSION,
            surface: Surface { exposures, controls: Vec::new() },
            reasons: reasons.into_iter().map(str::to_owned).collect(),
            justifications: Vec::new(),
            host: Host { memory_bytes, abstract_socket_scope },
            caller: Caller { uid: 1000, home: Some(AbsPath::new("/home/u").unwrap()) },
            time: 0,
        },
    )
}

/// An input that the policy allows: random ones seldom are.
fn allowed_input() -> impl Strategy<Value = Input> {
    let table = table();
    let pool: Vec<Exposure> = table
        .cases
        .iter()
        .filter(|case| {
            case.is_allowed()
                && case.policy.is_none()
                && case.justifications.is_empty()
                && case.exposures.len() == 1
        })
        .map(|case| table.exposure(&case.exposures[0]))
        .collect();
    any_input().prop_flat_map(move |input| {
        prop::collection::vec(select(pool.clone()), 1..8).prop_map(move |exposures| Input {
            surface: Surface { exposures, controls: Vec::new() },
            reasons: vec!["it spills".to_owned()],
            host: Host { memory_bytes: u64::MAX, abstract_socket_scope: true },
            ..input.clone()
        })
    })
}

fn allows(input: &Input) -> bool {
    matches!(policy("local").decide(input), Decision::Allowed(_))
}

/// Makes an exposure give less, in one way.
fn restrict(exposure: &mut Exposure, how: usize) {
    match how {
        0 => exposure.access.write = false,
        1 => exposure.access.read = false,
        2 => exposure.options.readonly = true,
        3 => exposure.options.nosuid = true,
        4 => exposure.options.nodev = true,
        _ => {
            exposure.access.execute = false;
            exposure.options.noexec = true;
        }
    }
}

/// Any case's exposures and justifications, mixed; under either policy.
fn any_justified() -> impl Strategy<Value = (&'static str, Input)> {
    let table = table();
    let pool: Vec<Presented> = table
        .cases
        .iter()
        .flat_map(|case| case.justifications.iter().map(|changed| table.justification(changed)))
        .collect();
    let strict: Vec<Exposure> = table
        .cases
        .iter()
        .filter(|case| !case.justifications.is_empty())
        .flat_map(|case| case.exposures.iter().map(|changed| table.exposure(changed)))
        .collect();
    let usual = || prop::collection::vec(select(pool.clone()), 0..3);
    let few = prop::collection::vec(select(strict), 1..3);
    let time = select(vec![1_800_000_000_u64, 1_700_000_000, 0, u64::MAX >> 12]);
    (select(Policy::SHIPPED.to_vec()), any_input(), usual(), few, any::<bool>(), time).prop_map(
        |(policy, input, justifications, few, focused, time)| {
            let exposures = if focused { few } else { input.surface.exposures };
            let surface = Surface { exposures, controls: Vec::new() };
            (policy, Input { surface, justifications, time, ..input })
        },
    )
}

/// Makes a justification worth less, in one way; gives whether it did.
fn weaken(presented: &mut Presented, how: usize, at: Index) -> bool {
    let before = presented.clone();
    match how {
        0 => presented.revoked = true,
        1 => presented.audience = Aim::Elsewhere,
        2 => presented.subject = Aim::Elsewhere,
        3 => drop(presented.signatures.pop()),
        4 => presented.not_after = 1,
        5 => presented.not_before = u64::MAX >> 12,
        6 => presented.uses = Uses { max: Some(1), spent: 1, binding: false },
        7 => presented.signers_required += 1,
        8 => presented.signatures.iter_mut().for_each(|signer| signer.covers.fill(false)),
        9 => presented.signatures.iter_mut().for_each(|signer| signer.roles.clear()),
        10 => presented.approved_by.clear(),
        11 => presented.approved_by.push(presented.requested_by.clone()),
        _ => {
            let index = at.index(presented.grants.len());
            let grant = &mut presented.grants[index];
            match how {
                12 => grant.access.write = false,
                13 => grant.access.read = false,
                14 => grant.limits.size = Some(Size(1)),
                15 => grant.options.readonly = true,
                _ => grant.backing = Backing::Absent,
            }
        }
    }
    *presented != before
}

fn outcome(policy: &Policy, input: &Input) -> (Vec<String>, std::collections::BTreeSet<String>) {
    let decision = policy.decide(input);
    if let Decision::Allowed(allowed) = &decision {
        return (
            allowed.verdicts().iter().map(|verdict| format!("{verdict:?}")).collect(),
            Default::default(),
        );
    }
    let Decision::Refused(refusal) = decision else { return Default::default() };
    (refusal.denials.iter().map(|denial| format!("{denial:?}")).collect(), codes(&refusal.general))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("DENYBOX_FULL").is_some() { 2000 } else { 64 },
        ..ProptestConfig::default()
    })]

    /// What is allowed stays allowed when it gives less: nobody is pushed to ask for more.
    #[test]
    fn less_is_never_refused(input in allowed_input(), at: Index, how in 0_usize..6) {
        prop_assert!(allows(&input));
        let mut less = input.clone();
        let index = at.index(less.surface.exposures.len());
        restrict(&mut less.surface.exposures[index], how);
        prop_assert!(allows(&less), "{:?}", policy("local").decide(&less));
    }

    /// A fact that speaks against an exposure never makes it allowed.
    #[test]
    fn a_restriction_on_what_is_accepted_never_widens(input in any_input(), at: Index, how in 0_usize..5) {
        prop_assume!(!input.surface.exposures.is_empty());
        let mut worse = input.clone();
        let index = at.index(worse.surface.exposures.len());
        let exposure = &mut worse.surface.exposures[index];
        match how {
            0 => exposure.related.push(serde_json::from_str(r#"{"how":"aliases","to":"/tmp","guard":"scratch"}"#).unwrap()),
            1 => exposure.limits.size = None,
            2 => exposure.sharing = denybox_core::surface::Sharing::Unknown,
            3 => exposure.directory = None,
            _ => worse.host.abstract_socket_scope = false,
        }
        if allows(&worse) {
            prop_assert!(allows(&input), "{worse:?}");
        }
    }

    #[test]
    fn the_order_does_not_matter((input, shuffled) in any_input().prop_flat_map(|input| {
        let order = Just(input.surface.exposures.clone()).prop_shuffle();
        (Just(input), order)
    })) {
        let other = Input { surface: Surface { exposures: shuffled, controls: Vec::new() }, ..input.clone() };
        let seen = |decision: Decision| match decision {
            Decision::Allowed(_) => None,
            Decision::Refused(refusal) => {
                let mut denials: Vec<String> = refusal.denials.iter().map(|denial| format!("{denial:?}")).collect();
                denials.sort();
                Some((denials, refusal.general))
            }
        };
        let policy = policy("local");
        prop_assert_eq!(seen(policy.decide(&input)), seen(policy.decide(&other)));
    }

    /// An exposure that is refused alone is refused in any company, but for a socket, which what is shown around it
    /// makes reachable anyway.
    #[test]
    fn a_denial_always_wins(input in allowed_input(), bad in any_input(), at: Index) {
        let sockets = |input: &Input| input.surface.exposures.iter().any(|exposure| exposure.role == denybox_core::surface::Role::Socket);
        prop_assume!(!sockets(&bad));
        let bad = Input { reasons: input.reasons.clone(), host: input.host.clone(), ..bad };
        prop_assume!(!allows(&bad));
        let mut both = input.clone();
        let index = at.index(both.surface.exposures.len() + 1);
        let _ = both.surface.exposures.splice(index..index, bad.surface.exposures);
        prop_assert!(!allows(&both));
    }

    /// The compiled form decides as the interpreter does, to the letter.
    #[test]
    fn both_engines_agree((name, input) in any_justified()) {
        prop_assert_eq!(outcome(policy(name), &input), outcome(interpreted(name), &input));
    }

    /// A justification that is worth less never opens more.
    #[test]
    fn a_weaker_justification_never_widens((name, input) in any_justified(), which: Index, how in 0_usize..17, at: Index) {
        prop_assume!(!input.justifications.is_empty());
        let mut worse = input.clone();
        let index = which.index(worse.justifications.len());
        prop_assume!(weaken(&mut worse.justifications[index], how, at));
        let allows = |input| matches!(policy(name).decide(input), Decision::Allowed(_));
        if allows(&worse) {
            prop_assert!(allows(&input), "{worse:?}");
        }
    }

    /// Nor does one that was never presented.
    #[test]
    fn one_justification_less_never_widens((name, input) in any_justified()) {
        let mut fewer = input.clone();
        prop_assume!(fewer.justifications.pop().is_some());
        let allows = |input| matches!(policy(name).decide(input), Decision::Allowed(_));
        if allows(&fewer) {
            prop_assert!(allows(&input));
        }
    }

    /// The order of justifications, of their grants and of their signatures is nothing.
    #[test]
    fn the_order_of_grants_does_not_matter((name, input) in any_justified()) {
        let mut turned = input.clone();
        turned.justifications.reverse();
        for presented in &mut turned.justifications {
            presented.grants.reverse();
            presented.signatures.reverse();
            for signer in &mut presented.signatures {
                signer.covers.reverse();
            }
        }
        let allows = |input| matches!(policy(name).decide(input), Decision::Allowed(_));
        prop_assert_eq!(allows(&input), allows(&turned));
    }

    #[test]
    fn no_reason_never_allows_more(input in any_input()) {
        let mute = Input { reasons: Vec::new(), ..input.clone() };
        if allows(&mute) {
            prop_assert!(allows(&input));
        }
    }

    /// Whatever the texts are: an answer, no panic, and nothing unprintable in it.
    #[test]
    fn any_text_gets_an_answer(path in "/\\PC{0,40}[\\x00-\\x20]{0,2}", reason in any::<String>(), at: Index) {
        let table = table();
        let names: Vec<&String> = table.exposures.keys().collect();
        let mut exposure = table.exposure(&(names[at.index(names.len())].clone(), Map::new()));
        let Ok(path) = AbsPath::new(&path) else { return Ok(()) };
        exposure.resource = denybox_core::resource::Resource::Path(path);
        let mut input = table.input(&table.cases[0]);
        input.surface.exposures = vec![exposure];
        input.reasons = vec![reason];
        if let Decision::Refused(refusal) = policy("local").decide(&input) {
            for reason in refusal.reasons() {
                prop_assert!(!reason.message.contains(char::is_control), "{reason:?}");
                prop_assert!(!reason.code.starts_with("policy-"), "{reason:?}");
            }
        }
    }
}
