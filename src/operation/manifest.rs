//! Manifests: templates that are filled in by a plan.
//!
//! A value is written as JSON wherever it stands, which is YAML too: no text from outside can become a field of its own.

use std::collections::BTreeMap;

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use serde_json::Value;

/// The largest template.
const LARGEST: usize = 64 * 1024;

/// The built-in templates, by name.
const BUILT_IN: [(&str, &str); 6] = [
    ("planaclient", include_str!("../../assets/manifests/planaclient.yaml")),
    ("tenantupgrade", include_str!("../../assets/manifests/tenantupgrade.yaml")),
    ("templatesnapshot", include_str!("../../assets/manifests/templatesnapshot.yaml")),
    ("environmentrestore", include_str!("../../assets/manifests/environmentrestore.yaml")),
    ("backup", include_str!("../../assets/manifests/backup.yaml")),
    ("filestore", include_str!("../../assets/manifests/filestore.yaml")),
];

/// The templates in force.
#[derive(Clone, Debug)]
pub struct Manifests {
    sources: BTreeMap<String, String>,
}

/// A template that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// There is no such template.
    #[error("there is no manifest template of the name {0}")]
    Unknown(String),
    /// It can't be filled in.
    #[error("the manifest template {name} can't be filled in: {why}")]
    Filling {
        /// The template.
        name: String,
        /// What is wrong, and where.
        why: String,
    },
    /// What comes out is no manifest.
    #[error("the manifest template {name} gives no manifest: {why}")]
    Result {
        /// The template.
        name: String,
        /// What is wrong, and where.
        why: String,
    },
}

impl Default for Manifests {
    fn default() -> Self {
        let sources = BUILT_IN.map(|(name, source)| (name.to_owned(), source.to_owned()));
        Self { sources: sources.into() }
    }
}

impl Manifests {
    /// The names of the templates: a file `NAME.yaml` of the operator stands for the built-in one.
    #[must_use]
    pub fn names() -> [&'static str; BUILT_IN.len()] {
        BUILT_IN.map(|(name, _)| name)
    }

    /// Puts `source` in the place of the template `name`.
    ///
    /// # Errors
    /// When it is too large, or there is no such template.
    pub fn replace(&mut self, name: &str, source: String) -> Result<(), TemplateError> {
        if source.len() > LARGEST {
            let why = format!("it has {} bytes, and {LARGEST} are the most", source.len());
            return Err(TemplateError::Filling { name: name.to_owned(), why });
        }
        match self.sources.get_mut(name) {
            Some(known) => *known = source,
            None => return Err(TemplateError::Unknown(name.to_owned())),
        }
        Ok(())
    }

    /// Fills in the template `name` with `values`.
    ///
    /// # Errors
    /// When it can't be filled in, or gives no manifest.
    pub fn fill(&self, name: &str, values: impl Serialize) -> Result<Value, TemplateError> {
        let source = self.sources.get(name);
        let source = source.ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Json);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let filled = environment.render_str(source, minijinja::value::Serde(values));
        let filled = filled.map_err(|error| TemplateError::Filling {
            name: name.to_owned(),
            why: error.to_string(),
        })?;
        let manifest = serde_saphyr::from_str::<Value>(&filled);
        let manifest = manifest.map_err(|error| TemplateError::Result {
            name: name.to_owned(),
            why: error.to_string(),
        })?;
        let named = manifest.pointer("/metadata/name").is_some_and(Value::is_string);
        if !named || manifest.get("kind").is_none() {
            let why = "it has no kind or no metadata.name".to_owned();
            return Err(TemplateError::Result { name: name.to_owned(), why });
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_can_not_become_a_field() {
        let mut manifests = Manifests::default();
        let source = "kind: X\nmetadata:\n  name: {{ name }}\nspec:\n  owner: {{ owner }}\n";
        manifests.replace("planaclient", source.to_owned()).expect("known");
        let hostile = "a\"\nspec:\n  tier: enterprise\n#{{ name }}";
        let filled = manifests.fill("planaclient", json!({ "name": "x", "owner": hostile }));
        let filled = filled.expect("a manifest");
        assert_eq!(filled.pointer("/spec"), Some(&json!({ "owner": hostile })));
    }

    #[test]
    fn what_is_missing_is_said() {
        let manifests = Manifests::default();
        let error = manifests.fill("planaclient", json!({})).expect_err("nothing is given");
        assert!(error.to_string().contains("planaclient can't be filled in"), "{error}");
        let error = manifests.fill("nothing", json!({})).expect_err("unknown");
        assert_eq!(error, TemplateError::Unknown("nothing".to_owned()));
    }
}
