"""The tests that a vendor runs: `pytest --pyargs splitproof.conformance --controller mypackage.adapter:make`.

A file a section of the specification, a test a requirement. Each takes a `lab`, and says what it came to by returning
or by one of the exceptions of `verdicts`.
"""
