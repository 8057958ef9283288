// What the page does beyond showing itself: theme, tabs, charts. All else is there without it.
(() => {
    'use strict';
    const root = document.documentElement;
    const charts = [];

    // Charts. A colour of a configuration is the name of a variable of the style sheet.
    const probe = document.body.appendChild(document.createElement('span'));
    probe.hidden = true;

    function color(name, share = 1) {
        probe.style.color = `var(${name})`;
        const [red, green, blue] = getComputedStyle(probe).color.match(/[\d.]+/g);
        return `rgba(${red}, ${green}, ${blue}, ${share})`;
    }

    const figures = (x) => Number(x.toPrecision(4)).toString().replace('-', '−');
    const formats = {
        number: figures,
        share: (x) => `${Number((100 * x).toFixed(2))}%`,
        path(index) {
            const name = this.getLabelForValue(index);
            const room = this.chart.width < 500 ? 16 : 40;
            return name.length > room ? `…${name.slice(1 - room)}` : name;
        },
    };

    // The ticks of a logarithmic axis: 1, 2 and 5 of each power of ten, or powers alone where there are many.
    function steps(axis) {
        const first = (digits) => axis.ticks.filter(({ value }) => digits.includes(Number(value.toPrecision(6)).toExponential()
            .split('e')[0]));
        const ticks = first(['1', '2', '5']);
        axis.ticks = ticks.length > 8 ? first(['1']) : ticks;
    }

    // The best epoch: a line from top to bottom, named where curves leave room at the top.
    const best = {
        id: 'best',
        afterDatasetsDraw(chart, _, { at, named }) {
            const point = at == null ? undefined : chart.getDatasetMeta(0).data[at];
            if (!point) return;
            const { ctx, chartArea: { top, bottom, left, right } } = chart;
            ctx.save();
            ctx.strokeStyle = ctx.fillStyle = color('--muted');
            ctx.setLineDash([3, 3]);
            ctx.beginPath();
            ctx.moveTo(point.x, top);
            ctx.lineTo(point.x, bottom);
            ctx.stroke();
            if (named) {
                const after = point.x < (left + right) / 2;
                ctx.font = `11px ${Chart.defaults.font.family}`;
                ctx.textAlign = after ? 'left' : 'right';
                ctx.fillText('best', point.x + (after ? 5 : -5), top + 9);
            }
            ctx.restore();
        },
    };

    // The names of points, each where it covers no other, and the deviation over the seeds.
    const names = {
        id: 'names',
        afterDatasetsDraw(chart, _, { show }) {
            if (!show) return;
            const { ctx, chartArea: area, scales: { y } } = chart;
            const points = chart.data.datasets.flatMap((set, i) => chart.getDatasetMeta(i).data
                .map((point, j) => ({ x: point.x, y: point.y, ...chart.isDatasetVisible(i) && { of: set.data[j] } })))
                .filter((point) => point.of);
            const taken = points.map(({ x, y }) => [x - 7, y - 7, x + 7, y + 7]);
            ctx.save();
            ctx.font = `12px ${Chart.defaults.font.family}`;
            ctx.textBaseline = 'middle';
            ctx.strokeStyle = color('--muted');
            ctx.fillStyle = color('--ink');
            for (const { x, y: at, of } of points) {
                if (of.deviation) {
                    ctx.beginPath();
                    ctx.moveTo(x, y.getPixelForValue(of.y - of.deviation));
                    ctx.lineTo(x, y.getPixelForValue(of.y + of.deviation));
                    ctx.stroke();
                }
                const width = ctx.measureText(of.name).width;
                const places = [[x + 11, at], [x - 11 - width, at], [x - width / 2, at - 16], [x - width / 2, at + 16]]
                    .map(([left, middle]) => [left, middle - 8, left + width, middle + 8]);
                const free = places.find((box) => box[0] >= area.left && box[2] <= chart.width
                    && box[1] >= 0 && !taken.some((other) => cross(box, other))) ?? places[0];
                taken.push(free);
                ctx.fillText(of.name, free[0], free[1] + 8);
            }
            ctx.restore();
        },
    };

    function cross(a, b) {
        return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
    }

    // The configuration of a chart with what JSON cannot hold: colours of the theme, and functions.
    function ready(config) {
        const { data, options, type } = config;
        for (const set of data.datasets) {
            const share = set.further ? 0.55 : 1;
            for (const key of ['borderColor', 'backgroundColor']) if (set[key]) set[key] = color(set[key], share);
        }
        for (const scale of Object.values(options.scales)) {
            if (scale.format) scale.ticks = { ...scale.ticks, callback: formats[scale.format] };
            if (scale.type === 'logarithmic') Object.assign(scale, { afterBuildTicks: steps }).ticks.autoSkip = false;
        }
        const value = options.indexAxis === 'y' ? 'x' : 'y';
        const print = formats[options.scales[value].format === 'share' ? 'share' : 'number'];
        options.plugins ??= {};
        options.plugins.tooltip = {
            filter: ({ dataset }) => !dataset.further,
            callbacks: {
                title: ([item]) => item && (item.raw?.name ?? `${type === 'line' ? 'epoch ' : ''}${item.label}`),
                label({ dataset, parsed, raw }) {
                    if (!raw?.name) return ` ${dataset.label}  ${print(parsed[value])}`;
                    const spread = raw.deviation ? ` ± ${print(raw.deviation)}` : '';
                    return ` ${figures(parsed.x)} ${options.scales.x.unit}, ${print(parsed.y)}${spread}`;
                },
            },
        };
        const legend = options.plugins.legend ??= {};
        legend.labels = {
            boxWidth: 14, boxHeight: type === 'line' ? 1 : 9, ...legend.labels,
            filter: (item, { datasets }) => !datasets[item.datasetIndex].further,
        };
        return config;
    }

    // Draws all charts in the colours of the theme.
    function paint() {
        if (!window.Chart) return;
        Chart.defaults.color = color('--muted');
        Chart.defaults.borderColor = color('--line');
        charts.splice(0).forEach((chart) => chart.destroy());
        for (const figure of document.querySelectorAll('.chart')) {
            const config = JSON.parse(figure.querySelector('script').textContent);
            charts.push(new Chart(figure.querySelector('canvas'), ready(config)));
        }
    }

    if (window.Chart) {
        Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
        Chart.defaults.font.size = 11;
        Chart.defaults.animation = false;
        Chart.defaults.maintainAspectRatio = false;
        Chart.defaults.elements.line.tension = 0;
        Chart.defaults.elements.bar.borderRadius = 1;
        Chart.defaults.datasets.bar.barPercentage = 0.9;
        Chart.defaults.datasets.bar.categoryPercentage = 0.75;
        Chart.defaults.plugins.legend.align = 'start';
        Chart.defaults.scale.ticks.maxTicksLimit = 7;
        Chart.register(best, names);
        root.classList.add('drawn');
        paint();
    }

    // Theme.
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const theme = document.getElementById('theme');
    theme.hidden = false;
    theme.addEventListener('click', () => {
        const now = root.dataset.theme ?? (dark.matches ? 'dark' : 'light');
        root.dataset.theme = now === 'dark' ? 'light' : 'dark';
        paint();
    });
    dark.addEventListener('change', paint);

    // Paper is light.
    let before;
    addEventListener('beforeprint', () => {
        before = root.dataset.theme;
        root.dataset.theme = 'light';
        paint();
    });
    addEventListener('afterprint', () => {
        if (before) root.dataset.theme = before; else delete root.dataset.theme;
        paint();
    });

    // Tabs.
    for (const tabs of document.querySelectorAll('.tabs')) {
        const list = tabs.querySelector('.tablist');
        if (!list) continue;
        const buttons = [...list.children];
        const panels = buttons.map((button) => document.getElementById(button.getAttribute('aria-controls')));
        const select = (chosen) => buttons.forEach((button, i) => {
            button.setAttribute('aria-selected', String(i === chosen));
            button.tabIndex = i === chosen ? 0 : -1;
            panels[i].hidden = i !== chosen;
        });
        buttons.forEach((button, i) => {
            panels[i].setAttribute('role', 'tabpanel');
            panels[i].setAttribute('aria-labelledby', button.id);
            button.addEventListener('click', () => select(i));
            button.addEventListener('keydown', ({ key }) => {
                const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
                if (!step) return;
                const next = (i + step + buttons.length) % buttons.length;
                select(next);
                buttons[next].focus();
            });
        });
        list.hidden = false;
        tabs.classList.add('on');
        select(0);
    }
})();
