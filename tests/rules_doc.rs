//! `docs/rules.md` tells the truth: its rules are read, and its tables are those of the language.

use logcodes::rule::Key;
use logcodes::rule::limit;
use logcodes::rule::limit::words::{Clause, Measured};

const PAGE: &str = include_str!("../docs/rules.md");

#[test]
fn every_rule_of_the_page_is_read() {
    let blocks: Vec<&str> = PAGE.split("```rule\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let rules: Vec<&str> = blocks.iter().flat_map(|block| block.lines()).collect();
    assert!(rules.len() >= 19, "{rules:?}");
    for rule in rules {
        let found = limit::limit(rule).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(limit::limit(&found.to_string()).unwrap().to_string(), found.to_string());
    }
}

#[test]
fn the_tables_are_those_of_the_language() {
    let metrics = Measured::ALL.iter().map(|m| (m.usage(), m.help()));
    for (usage, help) in metrics.chain(Clause::ALL.iter().map(|c| (c.usage(), c.help()))) {
        assert!(PAGE.contains(&format!("| `{usage}` | {} |", help.trim())), "{usage}");
    }
    for key in Key::ALL {
        assert!(PAGE.contains(&format!("| `{}` |", key.word())), "{}", key.word());
    }
}

#[test]
fn each_way_to_write_a_word_is_one_that_is_read() {
    for metric in Measured::ALL {
        let bound = ["", " > 1%", " > 1", " > 1s"].into_iter().find(|bound| limit::limit(&format!("{}{bound}", metric.usage())).is_ok());
        assert!(bound.is_some(), "{}", metric.usage());
    }
    for clause in Clause::ALL {
        let tried =
            ["count > 5 {}", "rate(5xx) > 2% window 1m {}", "rate(5xx) > 2% {}", "rate(5xx) < 1% over 30d {}", "rate(5xx) < 1% burn 6x {}"];
        let read = tried.iter().any(|text| limit::limit(&text.replace("{}", clause.usage())).is_ok());
        assert!(read, "{}", clause.usage());
    }
}

#[test]
fn what_the_page_says_of_burning_is_so() {
    assert!(PAGE.contains("`over 30d burn 14.4x` looks at an hour"));
    assert_eq!(limit::burn_seconds(30 * 86_400, 14.4), 3600);
    assert!(limit::limit("rate(5xx) < 0.1% over 12h burn 14.4x").is_ok() && limit::limit("rate(5xx) < 0.1% over 11h burn 14.4x").is_err());
}

#[test]
fn the_default_rules_are_all_there() {
    let (before, with) = PAGE.split_once("With a baseline there are two more:").unwrap();
    let block =
        |text: &str| text.split("```rule\n").nth(1).unwrap().split("```").next().unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
    let own = block(before.split_once("these are the default ones").unwrap().1);
    assert_eq!(own, logcodes::gate::default_rules(false));
    assert_eq!([own, block(with)].concat(), logcodes::gate::default_rules(true));
}
