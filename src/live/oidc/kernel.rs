//! One secret text in the kernel's keyring of the person who runs this: for machines without a desktop.
//!
//! It is in memory only, for nobody but this person, and outlives who signed in to the machine: it is gone when the machine
//! restarts, or when nobody asked for it for some days (`persistent_keyring_expiry`).

use linux_keyutils::{Key, KeyError, KeyRing, KeyRingIdentifier};

use super::kept::Keeper;

/// An entry of it.
pub(super) struct Kernel {
    name: String,
}

impl Kernel {
    /// The entry of `user` in what is kept for `service`.
    pub(super) fn entry(service: &str, user: &str) -> Self {
        Self { name: format!("{service}:{user}") }
    }

    /// The ring that outlives sessions. It is tied to this process, which may read what is in it because of that.
    fn ring() -> Result<KeyRing, String> {
        // Containers may not be let near it, and a kernel may be built without it.
        KeyRing::get_persistent(KeyRingIdentifier::Process)
            .map_err(|_| "there is no keyring here".to_owned())
    }

    fn find(&self, ring: KeyRing) -> Result<Option<Key>, String> {
        match ring.search(&self.name) {
            Ok(key) => Ok(Some(key)),
            Err(KeyError::KeyDoesNotExist | KeyError::KeyExpired | KeyError::KeyRevoked) => {
                Ok(None)
            }
            Err(_) => Err(refused()),
        }
    }
}

impl Keeper for Kernel {
    fn read(&self) -> Result<Option<String>, String> {
        let Some(key) = self.find(Self::ring()?)? else { return Ok(None) };
        let bytes = key.read_to_vec().map_err(|_| refused())?;
        String::from_utf8(bytes).map(Some).map_err(|_| refused())
    }

    fn write(&self, text: &str) -> Result<(), String> {
        match Self::ring()?.add_key(&self.name, text) {
            Ok(_) => Ok(()),
            Err(KeyError::QuotaExceeded) => Err("the kernel's keyring is full".to_owned()),
            Err(_) => Err(refused()),
        }
    }

    fn erase(&self) -> Result<(), String> {
        let ring = Self::ring()?;
        match self.find(ring)? {
            Some(key) => ring.unlink_key(key).map_err(|_| refused()),
            None => Ok(()),
        }
    }
}

/// In words of ours: the library's are the system's.
fn refused() -> String {
    "the kernel's keyring refuses".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_there_until_it_is_erased() {
        let user = format!("a-test-{}", std::process::id());
        let entry = || Kernel::entry("pulse-console-tests", &user);
        match entry().read() {
            Ok(kept) => assert_eq!(kept, None),
            // Some containers hide it.
            Err(why) => return assert_eq!(why, "there is no keyring here"),
        }
        for text in ["first".to_owned(), "x".repeat(4_096), "и друго".to_owned()] {
            entry().write(&text).expect("it is kept");
            assert_eq!(entry().read(), Ok(Some(text)));
        }
        assert_eq!(Kernel::entry("pulse-console-tests", "another").read(), Ok(None));
        assert_eq!(entry().erase(), Ok(()));
        assert_eq!(entry().read(), Ok(None));
        assert_eq!(entry().erase(), Ok(()));
        let long = "x".repeat(40_000);
        assert!(entry().write(&long).is_err(), "more than a key holds");
    }
}
