"""Hooks of MkDocs (mkdocs.yml): pages outside docs/ become pages of the site, and links to them are rewritten.

In the repository a link leads from file to file: docs/models.md links to ../configs/models.schema.md. The site has the
same pages under other paths. A link to a file that is not a page of the site, such as LICENSE, becomes plain text. A
link whose text is a file name gets the page's title in the navigation instead.
"""

import pathlib
import posixpath
import re

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).resolve().parents[1]
# File of the repository: page of the site.
PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "CONTRIBUTING.md", "CHANGELOG.md": "CHANGELOG.md"}
PAGES.update((str(p.relative_to(ROOT)),) * 2 for p in sorted((ROOT / "configs").rglob("*.md")))
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def titles_of(nav):
    """Page: title, of a navigation with sections."""
    titles = {}
    for entry in nav:
        for title, below in entry.items():
            titles.update(titles_of(below) if isinstance(below, list) else {below: title})
    return titles


def on_files(files, config):
    for source, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown, page, config, files):
    here = page.file.src_uri
    source = {page: source for source, page in PAGES.items()}.get(here, "docs/" + here)

    titles = titles_of(config["nav"])

    def follow(match):
        image, text, target, anchor = match.groups()
        if re.match(r"[a-z]+:|/", target):
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        found = path.removeprefix("docs/") if path.startswith("docs/") else PAGES.get(path)
        if found is None:
            return text
        if re.fullmatch(r"[\w/.-]+\.md", text):
            text = titles.get(found, text)
        return f"{image}[{text}]({posixpath.relpath(found, posixpath.dirname(here) or '.')}{anchor or ''})"

    return LINK.sub(follow, markdown)


def on_page_content(html, page, config, files):
    # GitHub needs \\| in tables, in code too; Python-Markdown shows the backslash. Lists of choices may break after |.
    html = re.sub(r"<code>[^<]*</code>", lambda code: code[0].replace("\\|", "|<wbr>"), html)
    # Tables of options have a style of their own (assets/site.css).
    return re.sub(r"<table>(?=\s*<thead>\s*<tr>\s*<th>option</th>)", "<table data-options>", html)
