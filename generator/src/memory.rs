//! How much memory there is for the taking, whether it is enough, and what is done with it when it is free again.

use std::path::Path;

use anyhow::{Result, bail};

/// About what a run takes at most at a time, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    pub weights: u64,
    /// What is computed at a time: activations, and the patterns of a batch.
    pub batch: u64,
    /// Patterns that wait to be written, or are being written.
    pub waiting: u64,
}

impl Need {
    /// An error that says what is missing if there is less than that; `remedies` are what the user can do.
    pub fn check(self, available: Option<u64>, remedies: &[String]) -> Result<()> {
        let Need { weights, batch, waiting } = self;
        let all = weights.saturating_add(batch).saturating_add(waiting);
        let Some(available) = available.filter(|available| *available < all) else { return Ok(()) };
        let [all, weights, batch, waiting, available] = [all, weights, batch, waiting, available].map(gibibytes);
        bail!(
            "it needs about {all} of memory ({weights} for the weights, {batch} for a batch, {waiting} for results \
             that are being written), and {available} are available: {}",
            remedies.join(", or ")
        )
    }
}

fn gibibytes(bytes: u64) -> String {
    let value = bytes as f64 / f64::from(1 << 30);
    if value < 9.95 { format!("{value:.1} GiB") } else { format!("{value:.0} GiB") }
}

/// Bytes that can be had without pressing on other programs, within the limit of the control group (container) that
/// the program runs in; `None` where the system does not say.
pub fn available() -> Option<u64> {
    let system = meminfo(&std::fs::read_to_string("/proc/meminfo").ok()?)?;
    Some(group(Path::new("/sys/fs/cgroup")).map_or(system, |group| group.min(system)))
}

/// Has the C library keep what is freed instead of giving it back to the system. Activations and patterns come and go
/// in pieces of megabytes, and to fault such a piece in again, page by page, takes longer than what is done with it.
///
/// Called by a program before it starts threads; does nothing where the C library has no such choice.
pub fn keep_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt takes any numbers.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20); // the most that it takes
        libc::mallopt(libc::M_TRIM_THRESHOLD, 1 << 30);
    }
}

/// `MemAvailable` of `/proc/meminfo`, which counts in KiB.
fn meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// What is left of a control group's limit; `None` without one.
fn group(folder: &Path) -> Option<u64> {
    let number = |file: &str| std::fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_is_told() {
        let need = Need { weights: 5 << 30, batch: 3 << 28, waiting: 1 << 28 };
        assert!(need.check(None, &[]).is_ok() && need.check(Some(6 << 30), &[]).is_ok());
        let remedies = ["give --dtype bf16".to_owned(), "a smaller model".to_owned()];
        assert_eq!(
            need.check(Some((6 << 30) - 1), &remedies).unwrap_err().to_string(),
            "it needs about 6.0 GiB of memory (5.0 GiB for the weights, 0.8 GiB for a batch, 0.2 GiB for results that \
             are being written), and 6.0 GiB are available: give --dtype bf16, or a smaller model"
        );
        let endless = Need { weights: u64::MAX, batch: 1, waiting: 1 };
        assert!(endless.check(Some(1 << 40), &remedies).is_err());
    }

    #[test]
    fn the_system_is_understood() {
        assert_eq!(meminfo("MemTotal:  9 kB\nMemAvailable:   1234 kB\n"), Some(1234 << 10));
        assert_eq!(meminfo("MemTotal:  9 kB\n"), None);
        let dir = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| std::fs::write(dir.path().join(file), text).unwrap();
        write("memory.current", "100\n");
        write("memory.max", "max\n");
        assert_eq!(group(dir.path()), None);
        write("memory.max", "250\n");
        assert_eq!(group(dir.path()), Some(150));
        #[cfg(target_os = "linux")]
        assert!(available().is_some());
    }
}
