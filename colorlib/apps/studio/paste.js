// A picture on the clipboard, pasted anywhere in the page, goes the way of a file that was chosen.
if (!window.colorlibPastes) {
  window.colorlibPastes = true;
  document.addEventListener("paste", (event) => {
    const input = document.querySelector('input[type="file"]');
    if (!input || !event.clipboardData?.files.length) return;
    const transfer = new DataTransfer();
    for (const file of event.clipboardData.files) transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    event.preventDefault();
  });
}
