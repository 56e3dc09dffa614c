"""The picture of the studio as a component of Streamlit, which has no slider that acts while it moves, and no paste."""

from streamlit.components.v2 import component

from colorlib.apps.studio.stage import CSS, HTML, PASTE, SCRIPT

paste = component("colorlib.paste", js=PASTE + "\nexport default () => {};")
stage = component(
    "colorlib.stage",
    html=HTML,
    css=CSS,
    js=SCRIPT
    + """
    export default ({ data, parentElement, setStateValue }) => {
      parentElement.stage ??= makeStage(parentElement);
      parentElement.stage.show(data, setStateValue);
    };
    """,
)
