//! Products: what the classes on their axes stand for, and the cases that they make.
//!
//! `$src` in a template stands for the class that the axis `src` has in a case:
//!
//! - the class of an object or a path (`file`, `dangling`, `name256`: [`CLASSES`])
//!   stands for a path, `src_file`, that is made before the first step;
//! - an actor (`self`, `other`, ...) stands for its name: `@$by`;
//! - a word of capitals stands for itself, `-` for `|`: `RDWR-CREAT` is `RDWR|CREAT`;
//! - `n` and a number stand for the number: `n0644` is `0644`.

use fs_core::op::product::{Choice, Product, Rule, allowed, substitute};
use fs_core::op::{Line, Want, Word};

use crate::parse::check_names;
use crate::worker::Role;

/// A case of a product.
pub(crate) struct Made {
    /// The classes, `missing.file.other`.
    pub(crate) id: String,
    /// What its objects need.
    pub(crate) needs: Vec<&'static str>,
    /// What makes its objects, and the steps.
    pub(crate) steps: Vec<Line<'static>>,
}

/// What is wrong with a product.
pub(crate) struct Wrong {
    /// The step in which it is; past the last one for the product itself.
    pub(crate) step: usize,
    /// The column of the step, from 1.
    pub(crate) column: usize,
    pub(crate) message: String,
}

/// The cases of a product: one for each choice that `without` does not leave out.
/// The last step is the subject, whose want the rules say.
///
/// # Errors
/// A class that is not known, or a step that cannot be read once its axes are replaced.
pub(crate) fn expand(product: &Product, steps: &[&str], rules: &[Rule], without: &[Rule]) -> Result<Vec<Made>, Wrong> {
    let whole = |message| Wrong { step: steps.len(), column: 1, message };
    let choices = product.choices().into_iter();
    let choices = choices.filter(|choice| !without.iter().any(|rule| rule.applies(choice)));
    let made: Vec<Made> = choices.map(|choice| make(&choice, steps, rules)).collect::<Result<_, _>>()?;
    match made.is_empty() {
        true => Err(whole("`without` leaves nothing of the product".to_owned())),
        false => Ok(made),
    }
}

fn make(choice: &Choice, steps: &[&str], rules: &[Rule]) -> Result<Made, Wrong> {
    let words: Vec<&str> = choice.iter().map(|(_, class)| class.as_str()).collect();
    let mut made = Made { id: words.join("."), needs: Vec::new(), steps: Vec::new() };
    let mut meanings = Vec::with_capacity(choice.len());
    for (axis, class) in choice {
        let wrong = |message| Wrong { step: steps.len(), column: 1, message };
        let meaning = meaning(axis.as_str(), class.as_str()).map_err(wrong)?;
        made.needs.extend(meaning.needs);
        for text in &meaning.make {
            let line = Line::parse(text).expect("what makes an object is in the notation");
            made.steps.push(line.into_owned());
        }
        meanings.push((axis.as_str(), meaning.text));
    }
    let replace = |name: &str| meanings.iter().find(|(axis, _)| *axis == name).map(|(_, text)| text.clone());
    for (index, template) in steps.iter().enumerate() {
        let wrong = |column, message| Wrong { step: index, column, message };
        let text = substitute(template, replace).map_err(|error| wrong(error.column, error.message))?;
        let in_text = |message: String| wrong(1, format!("`{text}` of `{}`: {message}", made.id));
        let mut line = Line::parse(&text).map_err(|error| in_text(error.to_string()))?.into_owned();
        check_names(&made.steps, &line).map_err(|(_, message)| in_text(message))?;
        if index == steps.len() - 1 {
            line.want = Some(want(line.want, allowed(rules, choice)).map_err(in_text)?);
        }
        made.steps.push(line);
    }
    Ok(made)
}

/// What is wanted of the subject: the words of the rules, and on success the fields
/// that the template names.
fn want(template: Option<Want>, words: Vec<Word>) -> Result<Want, String> {
    let template = template.unwrap_or_else(|| Want { words: vec![Word::Ok], ..Want::default() });
    if template.words != [Word::Ok] {
        return Err("the last step of a product wants what its rules say: leave the words out".to_owned());
    }
    Ok(match words.contains(&Word::Ok) {
        true => Want { words, ..template },
        false => Want { words, ..Want::default() },
    })
}

/// What a class on an axis stands for.
struct Meaning {
    text: String,
    needs: Vec<&'static str>,
    make: Vec<String>,
}

fn meaning(axis: &str, class: &str) -> Result<Meaning, String> {
    let plain = |text: String| Ok(Meaning { text, needs: Vec::new(), make: Vec::new() });
    if Role::by_name(class).is_some() {
        return plain(class.to_owned());
    }
    if class.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '-')) {
        return plain(class.replace('-', "|"));
    }
    if let Some(number) = class.strip_prefix('n').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        return plain(number.to_owned());
    }
    let Some(known) = CLASSES.iter().find(|known| known.name == class) else {
        let names: Vec<&str> = CLASSES.iter().map(|known| known.name).collect();
        return Err(format!(
            "unknown class `{class}` on the axis `{axis}`; there are {}, the actors, words of capitals, and n with a number",
            names.join(", ")
        ));
    };
    let own = format!("{axis}_{class}");
    let letter = axis.chars().next().map(String::from).unwrap_or_default();
    let written = |template: &str| template.replace("OWN", &own).replace("LETTER", &letter);
    Ok(Meaning {
        text: written(known.path),
        needs: known.needs.to_vec(),
        make: known.make.iter().map(|step| written(step)).collect(),
    })
}

/// A class of objects, or of paths.
pub struct PathClass {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The path that stands for it. `OWN` is the axis, `_` and the class; `LETTER` the
    /// first letter of the axis.
    path: &'static str,
    needs: &'static [&'static str],
    make: &'static [&'static str],
}

macro_rules! classes {
    ($($name:literal $about:literal $path:literal $([$($need:literal),*])? { $($make:literal)* })*) => {
        /// The classes that stand for a path.
        pub static CLASSES: &[PathClass] = &[$(PathClass {
            name: $name,
            about: $about,
            path: $path,
            needs: &[$($($need),*)?],
            make: &[$($make),*],
        }),*];
    };
}

// Files are made with `open`, which every file system has, and their descriptor is closed.
classes! {
    "missing" "a name that does not exist" "OWN" {}
    "file" "an empty file, mode 0644" "OWN" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
    }
    "data" "a file that holds the 5 bytes `hello`" "OWN" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "write fd=900 data=hello" "close fd=900"
    }
    "linked" "a file that has a second name" "OWN" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900" "link src=OWN dst=OWN.second"
    }
    "noaccess" "a file, mode 0" "OWN" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0 -> fd=900" "close fd=900"
    }
    "suid" "a file, mode 04755" "OWN" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0755 -> fd=900" "close fd=900" "chmod path=OWN mode=04755"
    }
    "sgid" "a file, mode 02755" "OWN" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0755 -> fd=900" "close fd=900" "chmod path=OWN mode=02755"
    }
    "dir" "an empty directory, mode 0755" "OWN" { "mkdir path=OWN mode=0755" }
    "full" "a directory with an entry `e`, mode 0755" "OWN" {
        "mkdir path=OWN mode=0755"
        "open path=OWN/e flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
    }
    "sticky" "an empty directory, mode 01777" "OWN" { "mkdir path=OWN" "chmod path=OWN mode=01777" }
    "symlink" "a symbolic link to a file" "OWN" {
        "open path=OWN.target flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
        "symlink src=OWN.target dst=OWN"
    }
    "symlink_dir" "a symbolic link to an empty directory" "OWN" {
        "mkdir path=OWN.target mode=0755" "symlink src=OWN.target dst=OWN"
    }
    "dangling" "a symbolic link to a name that does not exist" "OWN" { "symlink src=OWN.target dst=OWN" }
    "loop" "a symbolic link to itself" "OWN" { "symlink src=OWN dst=OWN" }
    "fifo" "a fifo, mode 0644" "OWN" ["fifo"] { "mkfifo path=OWN mode=0644" }
    "socket" "a socket, mode 0644" "OWN" ["socket"] { "mknod path=OWN kind=socket mode=0644" }
    "chardev" "the null device, mode 0666" "OWN" ["chardev"] {
        "mknod path=OWN kind=char mode=0666 device=0x103" "chmod path=OWN mode=0666"
    }

    "empty" "the empty path" "" {}
    "dot" "`.`" "." {}
    "dotdot" "`..`, which is `.` in the root directory of a case" ".." {}
    "slash" "`/`" "/" {}
    "dir_dot" "a directory and `/.`" "OWN/." { "mkdir path=OWN mode=0755" }
    "dir_dotdot" "a directory and `/..`" "OWN/.." { "mkdir path=OWN mode=0755" }
    "missing_slash" "a name that does not exist and `/`" "OWN/" {}
    "file_slash" "a file and `/`" "OWN/" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
    }
    "dir_slash" "an empty directory and `/`" "OWN/" { "mkdir path=OWN mode=0755" }
    "symlink_slash" "a symbolic link to a file and `/`" "OWN/" {
        "open path=OWN.target flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
        "symlink src=OWN.target dst=OWN"
    }
    "symlink_dir_slash" "a symbolic link to an empty directory and `/`" "OWN/" {
        "mkdir path=OWN.target mode=0755" "symlink src=OWN.target dst=OWN"
    }
    "dangling_slash" "a symbolic link to a name that does not exist and `/`" "OWN/" {
        "symlink src=OWN.target dst=OWN"
    }

    "missing_prefix" "a name below one that does not exist" "OWN/f" {}
    "notdir_prefix" "a name below a file" "OWN/f" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
    }
    "noaccess_prefix" "a file in a directory of mode 0" "OWN/f" {
        "mkdir path=OWN"
        "open path=OWN/f flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
        "chmod path=OWN mode=0"
    }
    "dangling_prefix" "a name below a dangling symbolic link" "OWN/f" { "symlink src=OWN.target dst=OWN" }
    "loop_prefix" "a name below a symbolic link to itself" "OWN/f" { "symlink src=OWN dst=OWN" }
    "symlink_prefix" "a file in a directory that a symbolic link points to" "OWN/f" {
        "mkdir path=OWN.target mode=0755"
        "open path=OWN.target/f flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
        "symlink src=OWN.target dst=OWN"
    }

    "name255" "a name of 255 bytes that does not exist" "%repeat(LETTER,255)" {}
    "name256" "a name of 256 bytes" "%repeat(LETTER,256)" {}
    "path4095" "a path of 4095 bytes to a name that does not exist" "%path(4095)" {}
    "path4096" "a path of 4096 bytes" "%path(4096)" {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand_text(product: &str, steps: &[&str], rules: &[&str]) -> Result<Vec<Made>, String> {
        let rules: Vec<Rule> = rules.iter().map(|rule| Rule::parse(rule).unwrap()).collect();
        expand(&Product::parse(product).unwrap(), steps, &rules, &[]).map_err(|wrong| wrong.message)
    }

    #[test]
    fn every_class_can_be_made_and_named() {
        for class in CLASSES {
            let made = expand_text(&format!("product p src={}", class.name), &["stat path=$src"], &[]).unwrap();
            assert_eq!(made[0].id, class.name);
        }
    }

    #[test]
    fn objects_are_made_before_the_steps_and_rules_say_what_is_wanted() {
        let product = "product p src=missing|full by=self|other";
        let made = expand_text(product, &["@$by rmdir path=$src"], &["rule src=missing -> ENOENT"]).unwrap();
        assert_eq!(made.len(), 4);
        assert_eq!(made[1].id, "missing.other");
        assert_eq!(made[1].steps[0].to_string(), "@other rmdir path=src_missing -> ENOENT");
        let steps: Vec<String> = made[2].steps.iter().map(ToString::to_string).collect();
        assert_eq!(steps[0], "mkdir path=src_full mode=0755");
        assert_eq!(steps.last().unwrap(), "@self rmdir path=src_full -> ok");
    }

    #[test]
    fn flags_and_numbers_stand_for_themselves() {
        let product = "product p flags=RDWR-CREAT mode=n0600";
        let made = expand_text(product, &["open path=f flags=$flags mode=$mode"], &[]).unwrap();
        assert_eq!(made[0].steps[0].to_string(), "open path=f flags=CREAT|RDWR mode=0600 -> ok");
    }

    #[test]
    fn fields_of_the_template_are_wanted_on_success_only() {
        let product = "product p src=missing|file";
        let made = expand_text(product, &["stat path=$src -> type=file"], &["rule src=missing -> ENOENT"]).unwrap();
        assert_eq!(made[0].steps[0].to_string(), "stat path=src_missing -> ENOENT");
        assert_eq!(made[1].steps.last().unwrap().to_string(), "stat path=src_file -> type=file");
    }

    #[test]
    fn errors_name_the_thing() {
        let error = |steps: &[&str]| expand_text("product p src=missing|gone", steps, &[]).err().unwrap();
        assert!(error(&["stat path=$src"]).starts_with("unknown class `gone` on the axis `src`; there are missing, "));
        let error = |steps: &[&str]| expand_text("product p src=missing", steps, &[]).err().unwrap();
        assert_eq!(error(&["stat path=$dst"]), "there is no axis `dst`");
        assert!(error(&["stat path=$src -> ENOENT"]).contains("leave the words out"));
        assert!(error(&["@nobody stat path=$src"]).contains("unknown actor `nobody`"));
    }
}
