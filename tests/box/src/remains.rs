//! What a box may leave behind when it is gone: nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The processes whose command line or environment holds `mark`, each with its command line. Zombies hold nothing.
pub fn processes(mark: &str) -> Vec<(i32, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let read = |name: &str| std::fs::read(entry.path().join(name)).unwrap_or_default();
        let holds = |bytes: &[u8]| bytes.windows(mark.len()).any(|window| window == mark.as_bytes());
        let line = read("cmdline");
        if holds(&line) || holds(&read("environ")) {
            found.push((pid, String::from_utf8_lossy(&line).replace('\0', " ")));
        }
    }
    found
}

/// The machine's mounts, one a line: proc_pid_mountinfo(5).
///
/// # Errors
/// Those of reading the table.
pub fn mounts() -> std::io::Result<BTreeSet<String>> {
    Ok(std::fs::read_to_string("/proc/self/mountinfo")?.lines().map(str::to_owned).collect())
}

/// The control groups of the denybox with this number.
pub fn groups(pid: i32) -> Vec<PathBuf> {
    let mut found = Vec::new();
    groups_below(Path::new("/sys/fs/cgroup"), &format!("denybox-{pid}"), &mut found);
    found
}

fn groups_below(place: &Path, name: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if entry.file_name() == name {
            found.push(entry.path());
        }
        groups_below(&entry.path(), name, found);
    }
}

/// Whether some control group limits memory to less than `bytes`: its files as mounted here, cgroups(7).
pub fn has_smaller_memory_limit(bytes: u64) -> bool {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group =
        |mark: &str| own.lines().find_map(|line| line.split_once(mark).map(|(_, path)| path.to_owned()));
    let places = [
        (group(":memory:"), "/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        (group("0::"), "/sys/fs/cgroup", "memory.max"),
        (group("0::"), "/sys/fs/cgroup/unified", "memory.max"),
    ];
    places.into_iter().filter_map(|(group, root, file)| Some((group?, root, file))).any(
        |(group, root, file)| {
            let place = Path::new(root).join(group.trim_start_matches('/'));
            place.ancestors().take_while(|place| place.starts_with(root)).any(|place| {
                let limit = std::fs::read_to_string(place.join(file))
                    .ok()
                    .and_then(|text| text.trim().parse::<u64>().ok());
                limit.is_some_and(|limit| limit < bytes)
            })
        },
    )
}
