//! The meanings that have a look.

use std::fmt;
use std::str::FromStr;

/// Declares the roles: each with its name in a theme, its line of help, and the role that stands in
/// for it where a theme is silent. A fall-back stands above the roles that use it, so there is no ring.
macro_rules! roles {
    ($($role:ident $name:literal $doc:literal $(=> $fallback:ident)?;)+) => {
        /// A meaning that has a look.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role {
            $(#[doc = $doc] $role,)+
        }

        impl Role {
            /// All of them, in the order of the reference page.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$role),+];

            /// Its name in a theme.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$role => $name),+ }
            }

            /// One line about it, for the reference page.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$role => $doc),+ }
            }

            /// The role that stands in for it where a theme is silent; only [`Role::Text`] has none.
            #[must_use]
            pub const fn fallback(self) -> Option<Self> {
                match self { $(Self::$role => roles!(@ $($fallback)?)),+ }
            }
        }
    };
    (@ $fallback:ident) => { Some(Self::$fallback) };
    (@) => { None };
}

roles! {
    Text "text" "ordinary text";
    Screen "screen" "the ground of the whole screen, painted before everything" => Text;
    Dialog "dialog" "the ground of what lies over a pane: dialogs, palette, help" => Screen;
    Muted "muted" "what matters less: units, ids, values that are absent" => Text;
    Border "border" "a border" => Muted;
    BorderFocused "border-focused" "the border of what has the focus" => Border;
    Scrollbar "scrollbar" "the thumb of a scrollbar" => Border;
    Title "title" "the title of a pane or dialog" => Text;

    Header "header" "the line at the top" => Text;
    HeaderProduction "header-production" "the profile, where customers are" => Header;
    HeaderStaging "header-staging" "the profile, where releases are tried" => Header;
    HeaderLocal "header-local" "the profile, on this machine" => Header;
    HeaderTraining "header-training" "the profile, in training" => Header;
    Pane "pane" "the name of a pane in the header" => Header;
    PaneActive "pane-active" "the name of the pane that is shown" => Pane;
    Badge "badge" "a small label" => Title;

    TableHeader "table-header" "the names of the columns" => Title;
    TableSorted "table-sorted" "the name of the column that sorts" => TableHeader;
    Cursor "cursor" "the row under the cursor" => Text;
    CursorUnfocused "cursor-unfocused" "the row under the cursor while the focus is elsewhere" => Cursor;
    Mark "mark" "a row that is marked" => Text;
    Match "match" "what the filter found in a text" => Text;
    Changed "changed" "a value that has just changed" => Text;

    HealthFailed "health-failed" "it does not do its work" => Text;
    HealthDegraded "health-degraded" "it works, but not as it should" => Text;
    HealthProgressing "health-progressing" "it is being made, changed or removed" => Text;
    HealthUnknown "health-unknown" "nothing is known that says either way" => Muted;
    HealthHealthy "health-healthy" "it does its work" => Text;
    Stale "stale" "old data" => Muted;

    NoticeInfo "notice-info" "a notice" => Text;
    NoticeWarn "notice-warn" "a notice to be careful" => NoticeInfo;
    NoticeError "notice-error" "a notice that something failed" => NoticeWarn;
    Gap "gap" "events that are missing" => NoticeWarn;
    Hostile "hostile" "a character that is shown because it must not be sent" => NoticeWarn;

    Key "key" "a key in a hint" => Title;
    Hint "hint" "what a key does" => Muted;
    Input "input" "a line that is typed" => Text;
    InputHint "input-hint" "what could be typed into an empty line" => Muted;
    InputError "input-error" "the part of a line that is wrong" => NoticeError;
    Selection "selection-text" "text that is selected in a line" => Cursor;

    JsonKey "json-key" "a name in JSON" => Title;
    JsonString "json-string" "a text in JSON" => Text;
    JsonNumber "json-number" "a number in JSON" => Text;
    JsonLiteral "json-literal" "true, false and null in JSON" => Text;
    JsonPunctuation "json-punctuation" "braces, commas and colons in JSON" => Muted;
}

impl Role {
    /// The contrast with its ground below which it is hard to read: more for text than for lines and
    /// what matters less.
    #[must_use]
    pub const fn contrast_min(self) -> f64 {
        match self {
            Self::Muted
            | Self::Border
            | Self::BorderFocused
            | Self::Scrollbar
            | Self::InputHint
            | Self::JsonPunctuation => 3.0,
            _ => 4.5,
        }
    }
}

impl Role {
    /// Whether it is the ground of a whole area that other roles are drawn on.
    #[must_use]
    pub const fn is_area(self) -> bool {
        matches!(self, Self::Screen | Self::Dialog | Self::Header | Self::Pane | Self::TableHeader)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No role has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("There is no such role.")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fall_back_ends_at_text() {
        for (position, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role as usize, position);
            assert_eq!(role.name().parse(), Ok(role));
            assert!(!role.doc().is_empty());
            match role.fallback() {
                Some(fallback) => assert!(fallback < role, "{role} falls back to {fallback}"),
                None => assert_eq!(role, Role::Text),
            }
        }
    }
}
