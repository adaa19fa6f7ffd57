"""French decimal commas in number fields: a browser in another language would drop them."""

# A browser takes numbers in its own language, whatever the page's. One that drops commas would read
# 4,5 as 45. So a comma is tried, and if the field does not take it, a point follows in its place.
SCRIPT = """
if (!window.commasTaken) {
    window.commasTaken = true
    const insert = (field, text) => {
        let isTaken = false
        const take = () => { isTaken = true }
        field.addEventListener("input", take, {once: true})
        document.execCommand("insertText", false, text)
        field.removeEventListener("input", take)
        return isTaken
    }
    const isFrenchNumber = event => document.documentElement.lang === "fr"
        && event.target.matches?.("input[type=number]")
    document.addEventListener("keydown", event => {
        if (event.key !== "," || !isFrenchNumber(event)) return
        event.preventDefault()
        if (!insert(event.target, ",")) insert(event.target, ".")
    }, true)
    document.addEventListener("paste", event => {
        const text = event.clipboardData.getData("text").replace(/\\s/g, "")
        if (!text.includes(",") || !isFrenchNumber(event)) return
        event.preventDefault()
        for (const each of text)
            if (!insert(event.target, each) && each === ",") insert(event.target, ".")
    }, true)
}
"""
