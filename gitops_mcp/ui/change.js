startCard({ draw: (answer) => replaceCard(el("pre", JSON.stringify(answer, null, 2))), again: () => null });
