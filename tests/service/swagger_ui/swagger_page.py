"""Swagger UI, operated as a reader of `/docs` does."""

import json

from playwright.sync_api import Locator, Page, expect


def operation(page: Page, method: str, path: str) -> Locator:
    return page.locator(f".opblock-{method}").filter(
        has=page.locator(f'.opblock-summary-path[data-path="{path}"]')
    )


def tried(
    page: Page, method: str, path: str, value: str = "", body: str = "", status: int = 200
) -> dict:
    """Open an operation, try it out, and give the response that the page shows."""
    block = operation(page, method, path)
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    if value:
        block.locator(".parameters input").fill(value)
    if body:
        block.locator("textarea.body-param__text").fill(body)
    block.get_by_role("button", name="Execute").click()
    shown = block.locator(".live-responses-table .response")
    expect(shown.locator(".response-col_status")).to_contain_text(str(status))
    return json.loads(shown.locator("pre code").first.inner_text())
