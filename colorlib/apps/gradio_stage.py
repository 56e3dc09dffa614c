"""The picture of the studio as Gradio shows it, and how the page around it looks."""

from colorlib.apps.studio.stage import SCRIPT

PAGE_CSS = """
#samples .grid-container {grid-template-columns: repeat(4, minmax(0, 1fr)); margin-top: 1.6rem}
#facts {opacity: .8; font-size: .85rem}
#sheet img {object-fit: contain}
#sheet .caption-label {white-space: normal; overflow: visible; max-width: 100%}
#sheet .grid-wrap {max-height: none}
@media (max-width: 600px) {
    #sheet .grid-container {grid-template-columns: 1fr !important}
    #samples, #samples .grid-wrap, #samples .gallery-container {height: auto !important; min-height: 0}
    #samples .grid-container {grid-template-columns: repeat(8, 4.5rem); overflow-x: auto}
    /* On a narrow page the picture comes before the choice of a photograph and a model. */
    #choices {display: contents}
    #choices > * {min-width: 100%}
    #results {order: 1}
    #choices > .form, #links {order: 2}
}
input[type=range]:focus-visible {outline: 2px solid currentColor !important; outline-offset: 4px}
progress {width: 60%; accent-color: currentColor}
"""
# What the page's script calls `say` is an event here: `select` for a pixel, the only thing this stage has to tell.
STAGE = (
    SCRIPT
    + """
    const stage = makeStage(element);
    const tell = (_, pixel) => trigger("select", pixel);
    const show = () => { if (props.value) stage.show(props.value, tell); else stage.hide(); };
    watch("value", show);
    show();
    """
)
