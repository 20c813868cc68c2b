"""Documents set as PDF by Typst (extra `pdf`): one template, and the document as data beside it."""
