"""Watch: rules over the numbers of the page, their evaluation, and who is told. No web, no drawing."""
