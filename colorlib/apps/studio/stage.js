// The picture of both apps: before and after under a border that can be dragged, a pixel to ask about, and sliders that
// act while they move. `say(name, value)` tells the server; it answers with new data for `show`.
function makeStage(root) {
  const [stage, frame, after, before, edge, cross, wipe, sliders] = [
    ".stage", ".frame", ".after", ".before", ".edge", ".cross", ".wipe", ".sliders",
  ].map((selector) => root.querySelector(selector));
  const PATIENCE = 3000; // milliseconds to wait for an answer before the next position of a slider is sent
  let data, say, sent = null, sentAt = 0, timer = 0, pixel = null, pressed = null;

  function setWipe(percent) {
    wipe.value = percent;
    wipe.nextElementSibling.value = `${wipe.value} %`;
    frame.style.setProperty("--wipe", `${wipe.value}%`);
    edge.hidden = wipe.value === "0" || wipe.value === "100";
  }

  function ask(x, y) {
    pixel = {
      photograph: data.photograph,
      x: Math.min(data.width - 1, Math.max(0, Math.round(x))),
      y: Math.min(data.height - 1, Math.max(0, Math.round(y))),
    };
    cross.hidden = false;
    cross.style.left = `${(100 * (pixel.x + 0.5)) / data.width}%`;
    cross.style.top = `${(100 * (pixel.y + 0.5)) / data.height}%`;
    clearTimeout(timer);
    timer = setTimeout(() => say("pixel", pixel), 120);
  }

  const share = (event) => {
    const box = frame.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  frame.onpointerdown = (event) => {
    pressed = { x: event.clientX, wiping: false };
    frame.setPointerCapture(event.pointerId);
  };
  frame.onpointermove = (event) => {
    if (!pressed) return;
    pressed.wiping ||= Math.abs(event.clientX - pressed.x) > 5;
    if (pressed.wiping) setWipe(100 * share(event)[0]);
  };
  frame.onpointerup = (event) => {
    const [x, y] = share(event);
    if (pressed && !pressed.wiping) ask(x * data.width - 0.5, y * data.height - 0.5);
    pressed = null;
  };
  frame.onpointercancel = () => { pressed = null; };
  frame.onkeydown = (event) => {
    const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Enter: [0, 0] }[event.key] ?? [];
    if (x === undefined) return;
    event.preventDefault();
    const from = pixel ?? { x: data.width / 2, y: data.height / 2 };
    const step = event.shiftKey ? 1 : Math.max(1, Math.round(data.width / 50));
    ask(from.x + x * step, from.y + y * step);
  };
  wipe.oninput = () => setWipe(wipe.value);

  function wanted() {
    return Object.fromEntries([...sliders.querySelectorAll("input")].map((input) => [input.name, Number(input.value)]));
  }

  // While a picture is on its way only the newest position waits: a server that is asked faster than it answers never does.
  function send() {
    const now = JSON.stringify(wanted());
    if (now === sent) return;
    if (sent !== null && Date.now() - sentAt < PATIENCE) return;
    [sent, sentAt] = [now, Date.now()];
    say("settings", wanted());
  }

  function makeSliders() {
    sliders.replaceChildren(...data.sliders.map((slider) => {
      const row = document.createElement("label");
      row.className = "control";
      row.innerHTML = "<span></span><input type=range><output></output>";
      const [text, input, output] = row.children;
      text.textContent = slider.label;
      Object.assign(input, { name: slider.name, min: slider.min, max: 1, step: 0.01, value: slider.value });
      output.value = input.value;
      input.oninput = () => { output.value = input.value; send(); };
      return row;
    }));
  }

  setWipe(0);
  return {
    show(newData, newSay) {
      const other = data?.photograph !== newData.photograph;
      [data, say] = [newData, newSay];
      stage.hidden = false;
      frame.style.width = `min(100%, ${(70 * data.width) / data.height}vh)`;
      after.src = data.after;
      before.src = data.before;
      if (sliders.children.length !== data.sliders.length) makeSliders();
      data.sliders.forEach((slider, i) => { sliders.children[i].children[1].disabled = slider.disabled; });
      if (other) { pixel = null; cross.hidden = true; }
      const answered = JSON.stringify(Object.fromEntries(data.sliders.map((slider) => [slider.name, slider.value])));
      if (answered === sent) { sent = null; }
      if (sent === null && data.sliders.length && answered !== JSON.stringify(wanted())) send();
    },
    hide() {
      data = undefined;
      stage.hidden = true;
      for (const picture of [after, before]) picture.removeAttribute("src");
    },
  };
}
