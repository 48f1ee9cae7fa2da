//! Who sits at this machine, as far as the machine knows.

use std::fs::File;
use std::io::Read as _;

use crate::config::Environment;
use crate::domain::{Opener, Text};

/// The most bytes read of the file of accounts, 1 MiB.
const ACCOUNTS_MAX: u64 = 1024 * 1024;
/// The most bytes of a name.
const NAME_MAX: usize = 256;

/// The account that runs this process and the machine's name; `kubernetes` is the user of the kubeconfig.
#[must_use]
pub fn opener(environment: &Environment, kubernetes: Option<Text>) -> Opener {
    let uid = rustix::process::getuid().as_raw();
    let mut accounts = String::new();
    // Without it there are the variables.
    let _ = File::open("/etc/passwd")
        .and_then(|file| file.take(ACCOUNTS_MAX).read_to_string(&mut accounts));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Opener {
        user: user(uid, &accounts, environment),
        host: Text::bounded(&host, NAME_MAX),
        kubernetes,
    }
}

/// The account of number `uid`. Its name is the system's, because variables are what anybody sets; they only help out.
fn user(uid: u32, accounts: &str, environment: &Environment) -> Text {
    let account = accounts.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next().filter(|name| !name.is_empty())?;
        (parts.nth(1)?.parse() == Ok(uid)).then_some(name)
    });
    let named = environment.get("LOGNAME").or_else(|| environment.get("USER"));
    let name = match (account, named) {
        (Some(name), _) => name.to_owned(),
        (None, Some(name)) => format!("{name} (uid {uid})"),
        (None, None) => format!("uid {uid}"),
    };
    // Whoever became root by sudo is still a person.
    let before = environment.get("SUDO_USER").filter(|before| *before != name);
    let name = before.map_or(name.clone(), |before| format!("{name} (sudo by {before})"));
    Text::bounded(&name, NAME_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_the_systems_and_variables_help_out() {
        let accounts =
            "root:x:0:0:root:/root:/bin/sh\nbroken\nmaria:x:1000:1000::/home/maria:/bin/sh\n";
        for (uid, variables, named) in [
            (1000, &[("USER", "somebody")] as &[_], "maria"),
            (0, &[("SUDO_USER", "maria")], "root (sudo by maria)"),
            (0, &[("SUDO_USER", "root")], "root"),
            (77, &[("USER", "ivan")], "ivan (uid 77)"),
            (77, &[("USER", "a\u{1b}[2J")], "a␛[2J (uid 77)"),
            (77, &[], "uid 77"),
        ] {
            let environment: Environment = variables.iter().copied().collect();
            assert_eq!(user(uid, accounts, &environment), named, "{uid}");
        }
    }
}
