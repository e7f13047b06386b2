// Everything the page does beyond being read begins here; without it the page is whole, only still.

for (const el of document.querySelectorAll<HTMLElement>('.live-only')) el.hidden = false;
document.documentElement.classList.add('live');
startPictures();
startCharts();
startReadout();
startReset();
startClockChoice();
startKeyboard();
startLinks();
startFilter();
startCopy();
startPrint();
