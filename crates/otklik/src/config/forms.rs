//! Forms for residents: `[[form]]`.

use anyhow::{Context, ensure};
use otklik_web::PublicForm;
use serde::Deserialize;

use super::checks::{check_name, served_region};

/// Longest name, title, area or settlement in characters.
const NAME_CHARS_MAX: usize = 100;
/// Most settlements to choose from.
const SETTLEMENTS_MAX: usize = 2_000;
/// Most sites that may embed a form.
const SITES_MAX: usize = 50;

/// A form for residents.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FormSection {
    /// The end of its address: `/form/NAME`.
    pub(crate) name: String,
    /// What stands above it.
    pub(crate) title: String,
    /// The region of its posts. Without it the first region.
    pub(crate) region: Option<String>,
    /// Sites whose pages may embed it.
    #[serde(default)]
    pub(crate) frame_ancestors: Vec<String>,
    /// Where all of it happens, such as a town.
    pub(crate) area: Option<String>,
    /// Settlements to choose from.
    #[serde(default)]
    pub(crate) settlements: Vec<String>,
}

/// The forms of a configuration.
///
/// # Errors
/// A section makes no sense; the message names section and field.
pub(crate) fn public_forms(sections: &[FormSection], regions: &[&str]) -> anyhow::Result<Vec<PublicForm>> {
    let mut forms: Vec<PublicForm> = Vec::with_capacity(sections.len());
    for (section, number) in sections.iter().zip(1..) {
        let form = section.form(number, regions)?;
        ensure!(
            forms.iter().all(|other| other.name != form.name),
            "form {number}: name: {:?} is taken by another section",
            form.name
        );
        forms.push(form);
    }
    Ok(forms)
}

impl FormSection {
    fn form(&self, number: usize, regions: &[&str]) -> anyhow::Result<PublicForm> {
        let at = format!("form {number}");
        check_name(&self.name, NAME_CHARS_MAX).with_context(|| at.clone())?;
        let region = served_region(self.region.as_deref(), regions).with_context(|| at.clone())?;
        let names = [("title", Some(&self.title)), ("area", self.area.as_ref())];
        let names = names.into_iter().filter_map(|(field, name)| Some((field, name?)));
        let settlements = self.settlements.iter().map(|name| ("settlements", name));
        for (field, name) in names.chain(settlements) {
            let is_name = !name.trim().is_empty() && name.trim() == name && !name.contains(char::is_control);
            ensure!(
                is_name && name.chars().count() <= NAME_CHARS_MAX,
                "{at}: {field}: {name:?} must be 1 to {NAME_CHARS_MAX} characters without spaces around them"
            );
        }
        ensure!(self.settlements.len() <= SETTLEMENTS_MAX, "{at}: settlements: at most {SETTLEMENTS_MAX}");
        ensure!(self.frame_ancestors.len() <= SITES_MAX, "{at}: frame-ancestors: at most {SITES_MAX}");
        for site in &self.frame_ancestors {
            ensure!(
                is_site(site),
                "{at}: frame-ancestors: {site:?} must be a site such as \"https://example.ru\" or \"https://*.example.ru\""
            );
        }
        Ok(PublicForm {
            name: self.name.clone(),
            title: self.title.clone(),
            region: region.into(),
            frame_ancestors: self.frame_ancestors.clone(),
            area: self.area.clone(),
            settlements: self.settlements.clone(),
        })
    }
}

/// Whether a text is a scheme with a host, and perhaps a port: what a content policy takes, and nothing that ends it.
fn is_site(site: &str) -> bool {
    let Some(rest) = site.strip_prefix("https://").or_else(|| site.strip_prefix("http://")) else { return false };
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let host = host.strip_prefix("*.").unwrap_or(host);
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    host.split('.').all(is_label) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(section: &str) -> Result<Vec<PublicForm>, String> {
        #[derive(Deserialize)]
        struct File {
            form: Vec<FormSection>,
        }
        let file: File = toml::from_str(section).map_err(|error| error.to_string())?;
        public_forms(&file.form, &["demo", "udm"]).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn reads_a_form() {
        let forms = read(
            "[[form]]\nname = \"gorod\"\ntitle = \"Что случилось?\"\nregion = \"udm\"\narea = \"Глазов\"\n\
             settlements = [\"Понино\"]\nframe-ancestors = [\"https://gorod.ru\", \"https://*.gorod.ru:8443\"]\n\
             [[form]]\nname = \"b\"\ntitle = \"Б\"",
        )
        .unwrap();
        assert_eq!((forms[0].region.as_str(), forms[1].region.as_str()), ("udm", "demo"));
        assert_eq!(forms[0].frame_ancestors.len(), 2);
    }

    #[test]
    fn names_section_and_field_of_a_mistake() {
        let check = |more: &str, expected: &str| {
            let error = read(&format!("[[form]]\nname = \"a\"\ntitle = \"Б\"\n{more}")).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        };
        check("region = \"mars\"", "form 1: region: \"mars\" is not served here");
        check("area = \" \"", "form 1: area: ");
        check("settlements = [\"а\\nб\"]", "form 1: settlements: ");
        for site in
            ["gorod.ru", "https://", "https://a b", "https://a;script-src *", "https://a.ru/x", "https://a.ru:x", "*"]
        {
            check(&format!("frame-ancestors = [{site:?}]"), "form 1: frame-ancestors: ");
        }
        check("[[form]]\nname = \"a\"\ntitle = \"В\"", "form 2: name: \"a\" is taken");
        check("[[form]]\nname = \"a/b\"\ntitle = \"В\"", "form 2: name: must be 1 to 100 Latin letters");
    }
}
