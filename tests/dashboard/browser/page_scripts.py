"""Scripts that ask a page in the browser for its focus, for covered elements, colours and width."""

FOCUS = """() => {
    const at = document.activeElement, box = at.getBoundingClientRect()
    const main = document.querySelector('[data-testid=stMain]')
    const shown = at.closest('label') ?? at, place = shown.getBoundingClientRect()
    const top = document.elementFromPoint(place.x + place.width / 2, place.y + place.height / 2)
    return {
        text: at.getAttribute('aria-label') ?? shown.innerText,
        inMain: main.contains(at) && at !== main,
        x: box.x,
        y: box.y + main.scrollTop,
        isSeen: top !== null && (shown.contains(top) || top.contains(shown)),
    }
}"""
COVERED = """() => {
    const main = document.querySelector('[data-testid=stMain]')
    const wanted = 'h1, h2, label, input, button, summary, [data-testid=stVegaLiteChart]'
    const covered = []
    for (const each of main.querySelectorAll(wanted)) {
        if (!each.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue
        each.scrollIntoView({block: 'center'})
        const box = each.getBoundingClientRect()
        if (box.width < 2) continue
        const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
        if (box.x < 0 || box.right > innerWidth + 1 || top === null || !main.contains(top))
            covered.push(each.tagName + ' ' + (each.innerText || each.ariaLabel))
    }
    main.scrollTo(0, 0)
    return covered
}"""
RECOLOURED = """() => {
    const probe = document.body.appendChild(document.createElement('i'))
    probe.style.color = 'var(--desk-paper)'
    const paper = getComputedStyle(probe).color
    probe.remove()
    const app = document.querySelector('[data-testid=stApp]')
    return getComputedStyle(app).backgroundColor === paper
        && document.getAnimations().every(each => each.playState === 'finished')
}"""
FITS = """() => {
    const main = document.querySelector('[data-testid=stMain]'), root = document.documentElement
    return main.scrollWidth <= main.clientWidth && root.scrollWidth <= root.clientWidth
}"""
