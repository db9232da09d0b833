//! The tests in Rego, and what they reach together with the table of decisions: every line of the Rego that ships.

use std::collections::{BTreeMap, BTreeSet};

use denybox_core::policy::question::Question;
use denybox_core::policy::testing::test;
use denybox_core::policy::{Policy, Sources};

use crate::table::{policies, table};

/// The Rego in a directory of policies/, by names such as `policies/base/decide.rego`.
fn directory(name: &str) -> Sources {
    let mut sources = Sources { name: name.to_owned(), modules: Vec::new(), tests: Vec::new() };
    for entry in std::fs::read_dir(policies().join(name)).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let module = (format!("policies/{name}/{file}"), std::fs::read_to_string(&path).unwrap());
        if file.ends_with("_test.rego") { sources.tests.push(module) } else { sources.modules.push(module) }
    }
    sources
}

#[test]
fn every_line_is_reached() {
    let mut left: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    let mut tests = 0;
    for name in ["base", "local", "strict"] {
        let tested = test(&directory(name)).unwrap();
        let failures: Vec<_> = tested.failures().collect();
        assert!(failures.is_empty(), "{failures:#?}");
        tests += tested.tests.len();
        left.extend(tested.coverage.into_iter().map(|module| (module.module, module.uncovered)));
    }
    println!("{tests} Rego tests");
    assert!(tests >= 20 && left.len() == 8);
    let table = table();
    for name in Policy::SHIPPED {
        let mut engine = regorus::Engine::new();
        for (module, rego) in Policy::shipped(name).unwrap().modules() {
            engine.add_policy(module.clone(), rego.clone()).unwrap();
        }
        engine.set_enable_coverage(true);
        for case in table.cases.iter().filter(|case| case.policy().name() == name) {
            let question = serde_json::to_string(&Question::new(&table.input(case))).unwrap();
            engine.set_input_json(&question).unwrap();
            for rule in ["answer", "explained"] {
                engine.eval_rule(format!("data.denybox.{name}.{rule}")).unwrap();
            }
        }
        for file in engine.get_coverage_report().unwrap().files {
            assert!(!file.covered.is_empty(), "{}", file.path);
            left.get_mut(&file.path).unwrap().retain(|line| !file.covered.contains(line));
        }
    }
    left.retain(|_, lines| !lines.is_empty());
    assert!(left.is_empty(), "lines never reached: {left:?}");
}

#[test]
fn tests_that_fail_say_why() {
    let sources = Sources {
        name: "mine".to_owned(),
        modules: vec![("mine.rego".to_owned(), "package denybox.mine\ny := 2\nx := z if {\n\tinput.a\n\tz := 1\n}".to_owned())],
        tests: vec![(
            "mine_test.rego".to_owned(),
            "package denybox.mine_test\nimport data.denybox.mine\ntest_good if mine.y == 2\ntest_bad if mine.x == 1\n\
             test_value := 7\ntest_error if to_number(\"x\") > 0\ntest_panic if strings.count(\"a\", \"\") > 0\n\
             test_last if mine.y > 1\nhelper := 1"
                .to_owned(),
        )],
    };
    let tested = test(&sources).unwrap();
    let told: Vec<(&str, u32, Option<&str>)> =
        tested.tests.iter().map(|test| (&*test.name, test.line, test.failure.as_deref())).collect();
    assert_eq!(told[0], ("denybox.mine_test.test_good", 3, None));
    assert_eq!(told[1], ("denybox.mine_test.test_bad", 4, Some("one of its conditions doesn't hold")));
    assert_eq!(told[2].2, Some("its value is 7, not true"));
    assert!(told[3].2.is_some());
    assert_eq!(told[4].2, Some("it makes the Rego engine panic"));
    assert_eq!(told[5], ("denybox.mine_test.test_last", 8, None));
    assert_eq!(told.len(), 6);
    let [module] = &*tested.coverage else { panic!("{:?}", tested.coverage) };
    assert!(module.covered.contains(&2) && module.uncovered.contains(&5), "{module:?}");
    assert!(module.percent() > 0.0 && module.percent() < 100.0);
}
