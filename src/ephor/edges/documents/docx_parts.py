"""The parts of a DOCX package that do not depend on what the document says, and the two that hardly do."""

from __future__ import annotations

from datetime import datetime

_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"

CONTENT_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_TYPE}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/word/footer1.xml" ContentType="{_TYPE}.footer+xml"/>'
    '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
    "</Types>"
)
RELATIONS = (
    f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
    f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
    "</Relationships>"
)
DOCUMENT_RELATIONS = (
    f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/footer" Target="footer1.xml"/>'
    "</Relationships>"
)


def _style(id: str, name: str, paragraph: str = "", run: str = "", *, based: str = "Normal") -> str:
    return (
        f'<w:style w:type="paragraph" w:styleId="{id}"><w:name w:val="{name}"/><w:basedOn w:val="{based}"/>'
        f"<w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )


def _size(half_points: int) -> str:
    return f'<w:sz w:val="{half_points}"/>'


_QUIET = '<w:color w:val="59636E"/>'
_KEEP = "<w:keepNext/>"
_LINES = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="D1D9E0"/>'
    for side in ("top", "bottom", "insideH")
)
_TABLE = '<w:tblCellMar><w:left w:w="85" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar>'
STYLES = (
    f'<w:styles xmlns:w="{_W}"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Cambria" w:hAnsi="Cambria" w:cs="Times New Roman"/>'
    '<w:color w:val="1F2328"/><w:sz w:val="21"/><w:lang w:val="en-GB"/></w:rPr></w:rPrDefault>'
    '<w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="276" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>'
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    + _style("Title", "Title", '<w:spacing w:after="60"/>', f"<w:b/>{_size(44)}")
    + _style("Subtitle", "Subtitle", '<w:spacing w:after="240"/>', f"{_QUIET}{_size(24)}")
    + _style("Heading1", "heading 1", f'{_KEEP}<w:spacing w:before="360" w:after="140"/><w:outlineLvl w:val="0"/>', f"<w:b/>{_size(29)}")
    + _style("Heading2", "heading 2", f'{_KEEP}<w:spacing w:before="280" w:after="110"/><w:outlineLvl w:val="1"/>', f"<w:b/>{_size(24)}")
    + _style("Heading3", "heading 3", f'{_KEEP}<w:spacing w:before="220" w:after="90"/><w:outlineLvl w:val="2"/>', f"<w:b/>{_size(21)}")
    + _style("Contents1", "Contents 1", '<w:spacing w:after="20"/>')
    + _style("Contents2", "Contents 2", '<w:spacing w:after="20"/><w:ind w:left="400"/>')
    + _style("ListBullet", "List Bullet", '<w:spacing w:after="40"/><w:ind w:left="280"/>')
    + _style("Caption", "caption", f'{_KEEP}<w:spacing w:before="120" w:after="60"/>', f"<w:b/>{_size(19)}")
    + _style("Cell", "Cell", '<w:spacing w:before="30" w:after="30" w:line="240" w:lineRule="auto"/>', _size(18))
    + _style("Quiet", "Quiet", '<w:spacing w:after="60"/>', f"{_QUIET}{_size(18)}")
    + _style("Small", "Small", '<w:spacing w:after="0"/>', _size(10))
    + _style(
        "Gap", "Open point",
        '<w:pBdr><w:left w:val="single" w:sz="18" w:space="8" w:color="9A6700"/></w:pBdr><w:shd w:val="clear" w:color="auto" w:fill="FFF8E6"/><w:ind w:left="200"/>',
        _size(19),
    )
    + f'<w:style w:type="table" w:styleId="Grid"><w:name w:val="Table Lines"/><w:tblPr><w:tblBorders>{_LINES}</w:tblBorders>{_TABLE}</w:tblPr>'
    '<w:tblStylePr w:type="firstRow"><w:tcPr><w:shd w:val="clear" w:color="auto" w:fill="F6F8FA"/></w:tcPr></w:tblStylePr></w:style>'
    f'<w:style w:type="table" w:styleId="Plain"><w:name w:val="Table Plain"/><w:tblPr>{_TABLE}</w:tblPr></w:style>'
    "</w:styles>"
)  # fmt: skip


def footer(running: str) -> str:
    """Return the foot of every page; *running* is XML text already."""
    field = "".join(
        f'<w:r><w:t xml:space="preserve">{before}</w:t></w:r><w:fldSimple w:instr=" {name} "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
        for before, name in (("   ", "PAGE"), (" / ", "NUMPAGES"))
    )
    return (
        f'<w:ftr xmlns:w="{_W}"><w:p><w:pPr><w:pStyle w:val="Quiet"/></w:pPr>'
        f'<w:r><w:t xml:space="preserve">{running}</w:t></w:r>{field}</w:p></w:ftr>'
    )


def core(title: str, at: datetime) -> str:
    """Return the package's own properties; *title* is XML text already."""
    stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    dated = "".join(
        f'<dcterms:{name} xsi:type="dcterms:W3CDTF">{stamp}</dcterms:{name}>'
        for name in ("created", "modified")
    )
    return (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{title}</dc:title><dc:language>en</dc:language>{dated}</cp:coreProperties>"
    )
