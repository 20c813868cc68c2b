"""How a document leaves: Markdown, HTML, PDF, DOCX or JSON, from one model."""
