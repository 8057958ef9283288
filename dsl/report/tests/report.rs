//! The page as a whole: what it holds, what it leaves out, and what it withstands.

#[allow(dead_code)]
#[path = "../examples/odd.rs"]
mod odd;
#[allow(dead_code)]
#[path = "../examples/sample.rs"]
mod sample;

use dlm_report::{Page, html, page::*};
use sha2::{Digest, Sha256};

/// The anchors of the sections of a page, in order.
fn sections(html: &str) -> Vec<&str> {
    let ids = html.split("<section id=\"").skip(1);
    ids.filter_map(|rest| rest.split('"').next()).collect()
}

/// The section of that anchor.
fn section<'a>(html: &'a str, id: &str) -> &'a str {
    let start = html.find(&format!("<section id=\"{id}\"")).unwrap_or_else(|| panic!("no {id}"));
    let rest = &html[start..];
    rest.split("</section>").next().unwrap_or(rest)
}

/// The texts of the head of a section's first table.
fn columns(section: &str) -> Vec<&str> {
    let cells = section.split("</thead>").next().unwrap_or(section).split("scope=\"col\">").skip(1);
    cells.filter_map(|rest| rest.split('<').next()).collect()
}

fn alone(artifact: Artifact) -> String {
    html(&Page { artifacts: vec![artifact], ..Page::default() })
}

#[test]
fn a_rich_run_has_all_sections() {
    let html = html(&sample::page());
    let all = [
        "expectations",
        "warnings",
        "results",
        "curves",
        "confusion",
        "mistakes",
        "layers",
        "quantization",
        "students",
        "program",
    ];
    assert_eq!(sections(&html), all);
    assert!(html.contains("1 of 3 expectations failed"));
    for id in all {
        assert!(html.contains(&format!("href=\"#{id}\"")), "no link to {id}");
    }
}

#[test]
fn a_page_of_nothing_has_no_sections_and_no_charts() {
    let html = html(&Page::default());
    assert_eq!(sections(&html), [""; 0]);
    assert!(html.contains("No expectations"));
    assert!(!html.contains("<canvas") && !html.contains("Chart.js"));
    assert!(!html.contains("<dl class=\"key\">"));
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    for page in [sample::page(), odd::page()] {
        assert_eq!(html(&page), html(&page.clone()));
    }
}

#[test]
fn a_page_goes_through_json_unharmed() {
    for page in [sample::page(), odd::page(), Page::default()] {
        let json = serde_json::to_string(&page).unwrap();
        let back: Page = serde_json::from_str(&json).unwrap();
        assert_eq!(html(&back), html(&page));
    }
    let partial: Page = serde_json::from_str("{\"program\": {\"name\": \"digits\"}}").unwrap();
    assert_eq!(partial.program.name, "digits");
}

#[test]
fn a_page_stays_small() {
    let mut page = sample::page();
    for artifact in &mut page.artifacts {
        let first = artifact.mistakes.shown[0].clone();
        let pixels = (0..3 * 28 * 28u32).map(|i| (i * i / 7 % 251) as u8).collect();
        let picture = Some(Picture { width: 28, height: 28, channels: 3, pixels });
        artifact.mistakes.shown = vec![Mistake { picture, ..first }; 24];
    }
    let bytes = html(&page).len();
    assert!(bytes < 500_000, "{bytes} bytes");
}

#[test]
fn no_text_becomes_markup() {
    const EVIL: &str = "</script><img src=x onerror=alert(1)>\"'&<!--";
    let evil = || EVIL.to_string();
    let plain = html(&sample::page());
    let mut page = sample::page();
    page.program.name = evil();
    page.program.file = evil();
    page.program.text = format!("{EVIL}\n// {EVIL}\n\"{EVIL}\"\n\u{2028}");
    page.program.diagnostics[0].message = format!("`{EVIL}`");
    page.program.diagnostics[0].help = Some(evil());
    page.program.diagnostics[0].line = 1;
    for text in [&mut page.run.date, &mut page.run.version, &mut page.run.cpu, &mut page.run.folder]
    {
        *text = evil();
    }
    page.run.features = vec![evil()];
    page.datasets[0] = Dataset { name: evil(), source: evil(), hash: evil(), ..Dataset::default() };
    page.expectations[0].text = evil();
    page.warnings[0] = Warning { artifact: evil(), code: evil(), message: evil() };
    for artifact in &mut page.artifacts {
        for text in
            [&mut artifact.name, &mut artifact.source, &mut artifact.model, &mut artifact.dataset]
        {
            *text = evil();
        }
        artifact.scores.split = evil();
        artifact.confusion.classes = vec![evil(); 10];
        artifact.mistakes.shown[0].right = evil();
        artifact.mistakes.shown[0].answer = evil();
        artifact.layers[0].path = evil();
        artifact.layers[0].operator = evil();
        artifact.teachers.iter_mut().for_each(|it| it.teacher = evil());
        if let Some(quantization) = &mut artifact.quantization {
            quantization.layers[0].path = evil();
            quantization.layers[3].line = Some(evil());
            quantization.given_back = vec![evil()];
        }
    }
    let html = html(&page);
    let count = |html: &str, what: &str| html.matches(what).count();
    for tag in ["<script", "</script", "<img ", "<!--", "<canvas"] {
        assert_eq!(count(&html, tag), count(&plain, tag), "{tag}");
    }
    assert!(html.contains("&lt;/script&gt;&lt;img src=x"));
}

#[test]
fn configurations_of_charts_are_json() {
    for page in [sample::page(), odd::page()] {
        let html = html(&page);
        let configs = html.split("<script type=\"application/json\">").skip(1);
        let mut count = 0;
        for config in configs {
            let text = config.split("</script>").next().unwrap();
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            assert!(
                value["data"]["datasets"].as_array().is_some_and(|sets| !sets.is_empty()),
                "{text}"
            );
            count += 1;
        }
        assert_eq!(count, html.matches("<canvas").count());
        assert!(count > 3);
    }
}

#[test]
fn nothing_is_fetched() {
    for page in [sample::page(), odd::page()] {
        let html = html(&page);
        assert!(html.contains("content=\"default-src 'none';"));
        assert!(!html.contains("sourceMappingURL"));
        let addresses =
            html.split(" src=\"").skip(1).chain(html.split("<link rel=\"icon\" href=\"").skip(1));
        assert!(addresses.into_iter().all(|rest| rest.starts_with("data:")));
    }
}

#[test]
fn columns_without_content_are_left_out() {
    let page = html(&odd::page());
    assert_eq!(
        columns(section(&page, "results")),
        [
            "Artifact",
            "Model",
            "Parameters",
            "Size",
            "Latency",
            "Loss",
            "Accuracy",
            "Top 5",
            "MAE",
            "R²",
            "Time",
            "Made",
        ]
    );
    let bare = alone(Artifact { name: "Oracle".into(), kind: Kind::Loaded, ..Artifact::default() });
    assert_eq!(sections(&bare), ["results"]);
    assert_eq!(columns(section(&bare, "results")), ["Artifact", "Made"]);
    assert!(!bare.contains("<canvas"));
}

#[test]
fn several_seeds_are_mean_and_deviation() {
    let results = html(&odd::page());
    assert!(section(&results, "results").contains("95.17 ± 0.31%"));
    assert!(section(&results, "results").contains("mean ± deviation of 3 seeds"));
    assert!(section(&results, "expectations").contains("95.17 ± 0.31%"));
    assert!(!section(&html(&sample::page()), "results").contains('±'));
}

#[test]
fn a_regression_speaks_of_values() {
    let price = odd::page().artifacts.swap_remove(2);
    let html = alone(price);
    assert_eq!(sections(&html), ["results", "curves", "mistakes"]);
    assert!(html.contains("Largest errors") && html.contains("Validation R²"));
    assert!(html.contains("<dt>R²</dt><dd>0.7813</dd>"));
    assert_eq!(
        columns(section(&html, "mistakes")),
        ["Sample", "Right", "Answer", "longitude", "ocean proximity", "median income"]
    );
}

#[test]
fn figures_that_are_no_numbers_are_shown_as_such() {
    let failed = odd::page().artifacts.swap_remove(3);
    let html = alone(failed);
    assert_eq!(sections(&html), ["results", "curves", "quantization"]);
    assert!(section(&html, "results").contains("NaN"));
    assert!(section(&html, "results").contains("−∞"));
    assert!(section(&html, "quantization").contains("10 µs → ∞"));
    // No signal to noise is a number: there are no bars.
    assert!(!section(&html, "quantization").contains("<canvas"));
    let curves = section(&html, "curves");
    assert!(curves.contains("[3.0,null,null]"), "{curves}");
}

#[test]
fn many_classes_are_the_worst_confusions() {
    let html = html(&odd::page());
    let confusion = section(&html, "confusion");
    assert!(!confusion.contains("class=\"matrix\""));
    assert!(confusion.contains("the most frequent confusions of 40 classes"));
    // Twelve confusions, twenty classes and their mean, and two heads.
    assert_eq!(confusion.matches("<tr").count(), 12 + 20 + 1 + 2);
    assert!(confusion.contains("39</th>"), "a class without a name is its number");
}

#[test]
fn pictures_that_are_none_are_said_to_be() {
    let html = html(&odd::page());
    let mistakes = section(&html, "mistakes");
    assert_eq!(mistakes.matches("data:image/png;base64,").count(), 1);
    assert_eq!(mistakes.matches("no picture").count(), 2);
    assert!(mistakes.contains("3 of 619 wrong"));
}

#[test]
fn diagnostics_stand_under_their_lines() {
    let html = html(&sample::page());
    let program = section(&html, "program");
    let line = program.find("id=\"L45\"").unwrap();
    let said = program.find("warning[W1009]").unwrap();
    let next = program.find("id=\"L46\"").unwrap();
    assert!(line < said && said < next);
    assert!(program.contains("    ^^^^^^^^^^^^^^^^^^</div>"));
    assert!(program.contains("<code>keep</code> has no effect"));
}

#[test]
fn the_library_is_the_one_that_is_named() {
    let library = include_bytes!("../assets/chart.umd.js");
    let hash: String = Sha256::digest(library).iter().map(|byte| format!("{byte:02x}")).collect();
    let readme = include_str!("../assets/README.md");
    assert!(readme.contains(&hash), "assets/README.md does not name {hash}");
    assert!(readme.contains("`chart.js` 4.6.1"));
    assert!(std::str::from_utf8(library).unwrap().starts_with("/*!\n * Chart.js v4.6.1\n"));
    assert!(include_str!("../assets/chart.LICENSE.md").contains("MIT"));
}
