//! Which ways of signing in there are, and which comes first.

use crate::config::SignInFlow;
use crate::platform::Way;

/// What is known of where the console runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings {
    /// Whether it was come to over SSH: a browser would open where nobody sits.
    pub(super) remote: bool,
    /// Whether there is a screen that a browser can open on.
    pub(super) display: bool,
}

impl Surroundings {
    /// Those of this process.
    pub(super) fn of_process() -> Self {
        Self::told_by(cfg!(target_os = "macos"), |name| {
            std::env::var_os(name).is_some_and(|value| !value.is_empty())
        })
    }

    /// Those that variables of the environment tell of; `always_a_display` where the system has no variable for it.
    fn told_by(always_a_display: bool, is_set: impl Fn(&str) -> bool) -> Self {
        Self {
            remote: is_set("SSH_CONNECTION") || is_set("SSH_TTY"),
            display: always_a_display || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"),
        }
    }
}

/// The ways, the preferred first. The terminal is one only where `terminal` switches it on: to prefer it by
/// `identity.flow` is not enough, because a password typed here is for the profile to allow.
pub(super) fn ways(flow: SignInFlow, terminal: bool, here: Surroundings) -> Vec<Way> {
    let at_the_desk = here.display && !here.remote;
    let browser_first = match flow {
        SignInFlow::Browser => true,
        SignInFlow::Device => false,
        SignInFlow::Auto | SignInFlow::Terminal => at_the_desk,
    };
    let mut ways = if browser_first {
        vec![Way::Browser, Way::Device]
    } else {
        vec![Way::Device, Way::Browser]
    };
    if terminal {
        let at = if flow == SignInFlow::Terminal { 0 } else { ways.len() };
        ways.insert(at, Way::Terminal);
    }
    ways
}

#[cfg(test)]
mod tests {
    use SignInFlow::{Auto, Browser, Device, Terminal};

    use super::*;

    #[test]
    fn the_setting_comes_first_then_what_the_surroundings_allow() {
        let desk = &["DISPLAY"][..];
        for (flow, terminal, set, expected) in [
            (Auto, false, desk, "browser device"),
            (Auto, false, &["WAYLAND_DISPLAY"], "browser device"),
            (Auto, false, &[], "device browser"),
            (Auto, false, &["SSH_CONNECTION"], "device browser"),
            (Auto, false, &["DISPLAY", "SSH_CONNECTION"], "device browser"),
            (Auto, false, &["DISPLAY", "SSH_TTY"], "device browser"),
            (Auto, true, desk, "browser device terminal"),
            (Browser, false, &["SSH_TTY"], "browser device"),
            (Device, true, desk, "device browser terminal"),
            (Terminal, true, desk, "terminal browser device"),
            (Terminal, true, &["SSH_TTY"], "terminal device browser"),
            (Terminal, false, desk, "browser device"),
        ] {
            let here = Surroundings::told_by(false, |name| set.contains(&name));
            let names: Vec<_> = ways(flow, terminal, here).into_iter().map(Way::name).collect();
            assert_eq!(names.join(" "), expected, "{flow:?}, terminal {terminal}, {set:?}");
        }
        let mac = Surroundings::told_by(true, |_| false);
        assert_eq!(ways(Auto, false, mac), [Way::Browser, Way::Device]);
    }
}
