//! The builtin functions that a policy may call.

/// What rules may call besides each other. A decision must be the same whenever and wherever the same question is asked,
/// and must not cost more than the question is worth, so a builtin is here only if it
///
/// - gives the same value for the same arguments: no clock, no random numbers, nothing of the machine;
/// - does nothing else: no network, no files, no output (`http.send`, `net.lookup_ip_addr`, `opa.runtime`, `print`, `trace`);
/// - makes of its arguments no more than a small multiple of them: no `numbers.range`, `net.cidr_expand`, `bits.lsh`,
///   `json.marshal_with_options`. [`sprintf`](WIDEST) is here, with a limit.
///
/// What is not here, because the engine is built without it or because nobody has needed it yet, can be added if it is
/// all three.
pub const ALLOWED: [&str; 86] = [
    // Numbers.
    "abs",
    "ceil",
    "floor",
    "round",
    "bits.and",
    "bits.negate",
    "bits.or",
    "bits.rsh",
    "bits.xor",
    "format_int",
    "to_number",
    "units.parse",
    "units.parse_bytes",
    // Collections.
    "count",
    "max",
    "min",
    "product",
    "sort",
    "sum",
    "array.concat",
    "array.reverse",
    "array.slice",
    "intersection",
    "union",
    "object.filter",
    "object.get",
    "object.keys",
    "object.remove",
    "object.subset",
    "object.union",
    "object.union_n",
    "json.filter",
    "json.remove",
    // Texts.
    "concat",
    "contains",
    "endswith",
    "indexof",
    "indexof_n",
    "lower",
    "replace",
    "split",
    "sprintf",
    "startswith",
    "strings.any_prefix_match",
    "strings.any_suffix_match",
    "strings.count",
    "strings.replace_n",
    "strings.reverse",
    "substring",
    "trim",
    "trim_left",
    "trim_prefix",
    "trim_right",
    "trim_space",
    "trim_suffix",
    "upper",
    // Patterns: the time they take is linear in the text.
    "glob.match",
    "glob.quote_meta",
    "regex.find_n",
    "regex.is_valid",
    "regex.match",
    "regex.replace",
    "regex.split",
    "regex.template_match",
    // Kinds of values.
    "is_array",
    "is_boolean",
    "is_null",
    "is_number",
    "is_object",
    "is_set",
    "is_string",
    "type_name",
    // Notations.
    "base64.decode",
    "base64.encode",
    "base64.is_valid",
    "hex.decode",
    "hex.encode",
    "json.is_valid",
    "json.marshal",
    "json.unmarshal",
    // Networks and versions.
    "net.cidr_contains",
    "net.cidr_is_valid",
    "semver.compare",
    "semver.is_valid",
    // Comparing sets, by name instead of by sign.
    "__builtin_sets.intersection",
    "__builtin_sets.union",
];

/// The most digits of a width in a format of `sprintf`: `%999d` makes a line, `%999999999d` a gigabyte. For the same
/// reason a format must be written down where it is used.
pub const WIDEST: usize = 3;

/// Whether rules may call it.
pub(super) fn is_allowed(name: &str) -> bool {
    ALLOWED.contains(&name)
}

/// Whether the engine has a function of this name, allowed or not.
pub(super) fn exists(name: &str) -> bool {
    name == "print" || regorus::unstable::BUILTINS.contains_key(name)
}

/// Whether `format` has no width that is too wide.
pub(super) fn is_modest(format: &str) -> bool {
    format.split('%').skip(1).all(|directive| {
        let digits = directive.chars().take_while(|c| c.is_numeric() || *c == '.').filter(|c| *c != '.');
        digits.count() <= WIDEST
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_exist() {
        let missing: Vec<_> = ALLOWED.iter().filter(|name| !exists(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn what_is_dangerous_is_not_among_them() {
        let refused =
            ["print", "trace", "numbers.range", "numbers.range_step", "net.cidr_expand", "bits.lsh"];
        for name in refused {
            assert!(exists(name) && !is_allowed(name), "{name}");
        }
        for name in ["http.send", "time.now_ns", "opa.runtime", "net.lookup_ip_addr", "uuid.rfc4122"] {
            assert!(!exists(name) && !is_allowed(name), "{name}");
        }
        // The engine has it or not, as other crates of the build wish.
        assert!(!is_allowed("rand.intn"));
    }

    #[test]
    fn widths() {
        assert!(is_modest("%d %s %% 123456789 %3d %.2f %999d"));
        assert!(!is_modest("%1000d") && !is_modest("%s %0099999s") && !is_modest("%.99999q"));
    }
}
