//! robots.txt, as RFC 9309 has it.

/// Bytes of the file that are read.
pub(super) const BYTES_MAX: usize = 512 * 1024;
/// Rules of the file that are kept.
const RULES_MAX: usize = 5_000;
/// Wildcards of a rule that are followed.
const WILDCARDS_MAX: usize = 10;

/// What a host asks of a crawler.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Robots {
    /// Beginnings of paths, and whether they may be read.
    rules: Vec<(String, bool)>,
}

impl Robots {
    /// Everything may be read.
    pub fn open() -> Self {
        Self::default()
    }

    /// Nothing may be read.
    pub fn closed() -> Self {
        Self { rules: vec![("/".to_owned(), false)] }
    }

    /// Reads the rules for the crawler `agent`: those of the group that names it, or else those for everybody.
    pub fn parse(text: &str, agent: &str) -> Self {
        let (mut own, mut common) = (Vec::new(), Vec::new());
        let mut names_own = false;
        let (mut is_own, mut is_common, mut in_rules) = (false, false, false);
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    // Lines naming crawlers one after another begin one group together.
                    if in_rules {
                        (is_own, is_common, in_rules) = (false, false, false);
                    }
                    is_own |= value.eq_ignore_ascii_case(agent);
                    is_common |= value == "*";
                    names_own |= is_own;
                }
                key @ ("allow" | "disallow") => {
                    in_rules = true;
                    if value.is_empty() || own.len() + common.len() >= RULES_MAX {
                        continue;
                    }
                    let rule = (value.to_owned(), key == "allow");
                    if is_own {
                        own.push(rule.clone());
                    }
                    if is_common {
                        common.push(rule);
                    }
                }
                _ => {}
            }
        }
        Self { rules: if names_own { own } else { common } }
    }

    /// Whether a path with its query may be read: the longest rule that fits decides, and of two as long the one that allows.
    pub fn allows(&self, path: &str) -> bool {
        let fitting = self.rules.iter().filter(|(rule, _)| fits(rule, path));
        fitting.max_by_key(|(rule, allow)| (rule.len(), *allow)).is_none_or(|(_, allow)| *allow)
    }
}

/// Whether a rule fits a path. `*` stands for anything, `$` at the end for the end.
fn fits(rule: &str, path: &str) -> bool {
    let (rule, to_end) = rule.strip_suffix('$').map_or((rule, false), |rule| (rule, true));
    let mut parts = rule.split('*').take(WILDCARDS_MAX + 1).peekable();
    let Some(mut rest) = parts.next().and_then(|begin| path.strip_prefix(begin)) else { return false };
    if parts.peek().is_none() {
        return !to_end || rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() && to_end {
            return rest.ends_with(part);
        }
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "\u{feff}# comment\nUser-Agent: *\nDisallow: /\n\nUser-agent: otklik\nuser-agent: other\n\
        Disallow: /private # why\nAllow: /private/open\nDisallow: /*.pdf$\nDisallow: /search?*q=\nDisallow:\n";

    #[test]
    fn the_longest_rule_decides() {
        let check = |path: &str, expected: bool| {
            assert_eq!(Robots::parse(FILE, "Otklik").allows(path), expected, "{path}");
        };
        check("/", true);
        check("/s/channel", true);
        check("/private", false);
        check("/private/x", false);
        check("/private/open/x", true);
        check("/a/b.pdf", false);
        check("/a/b.pdf?x", true);
        check("/search?a=1&q=2", false);
    }

    #[test]
    fn the_group_of_all_counts_when_none_names_us() {
        assert!(!Robots::parse(FILE, "somebody").allows("/"));
        assert!(Robots::parse("User-agent: bad\nDisallow: /", "otklik").allows("/"));
        assert!(Robots::parse("<html>not found</html>", "otklik").allows("/"));
        assert!(!Robots::closed().allows("/x") && Robots::open().allows("/x"));
    }

    proptest! {
        #[test]
        fn reads_anything(text in "(?s).{0,400}", path in "/.{0,80}") {
            let robots = Robots::parse(&text, "otklik");
            prop_assert_eq!(robots.allows(&path), robots.allows(&path));
        }
    }
}
