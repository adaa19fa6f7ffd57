"""The axis of the risk score: a bar on a fixed scale from 0 to 100, with a mark at the limit.

It is HTML whose shapes are borders: forced colours and printers keep them.
"""

from html import escape

from advisor.appearance.palette import palette
from advisor.service_client.response_models import Score


def html(score: Score, own: str, limit: str, sentence: str) -> str:
    """The axis of a score.

    Args:
        score: of the application.
        own: the risk score, written out.
        limit: the words under the mark.
        sentence: for readers who do not see the picture.
    """
    colours = palette()
    colour = colours.against if score["prediction"] else colours.favour
    at, mark = 100 * score["probability"], 100 * score["threshold"]

    def label(place: float, text: str, more: str = "") -> str:
        """A text centred on its place; near the ends, it stays inside."""
        return (
            f'<span style="position:absolute;left:{place:.3f}%;white-space:nowrap;'
            f'transform:translateX(-{place:.3f}%);{more}">{escape(text)}</span>'
        )

    end = '<span style="align-self:center;font-size:.85rem">'
    return (
        f'<div role="img" aria-label="{escape(sentence)}" style="display:flex;gap:.5rem;'
        f'min-width:14rem">{end}0</span><div style="flex:1;position:relative">'
        '<div style="position:relative;height:1.4rem">'
        f"{label(at, own, 'font-weight:700')}</div>"
        f'<div style="position:relative;height:1.1rem;border:1px solid {colours.grey};'
        f'border-radius:3px"><div style="position:absolute;top:.15rem;left:0;width:{at:.3f}%;'
        f'border-top:.7rem solid {colour}"></div>'
        f'<div style="position:absolute;top:-.3rem;height:1.6rem;left:{mark:.3f}%;'
        f'border-left:3px solid {colours.ink};margin-left:-1.5px"></div></div>'
        f'<div style="position:relative;height:1.5rem;margin-top:.2rem;font-size:.9rem">'
        f"{label(mark, limit)}</div></div>{end}100</span></div>"
    )
