using Assay.Data;
using Assay.Evaluation;
using Assay.Statistics;

namespace Assay.Benchmarks;

/// <content>Label quality, robustness, continual learning.</content>
internal static partial class FuzzCorpus
{
    private static IEnumerable<FuzzTarget> Audits()
    {
        var csv = TextOf("p.csv", PredictionCsv(1));
        var other = TextOf("q.csv", OtherModel(PredictionCsv(1)));
        var sheet = Made("review.csv", "audit labels p.csv --filter predicted-neq-given --sheet review.csv", csv);
        var filled = TextOf("review.csv", string.Join('\n', System.Text.Encoding.UTF8.GetString(sheet.Content).Split('\n').Select((line, i) => i == 0 || line.Length == 0 ? line : line + (i % 3 == 0 ? "guessed guessed guessed" : "given given given"))));
        yield return new("audit labels", ["audit", "labels", "p.csv"], [csv]);
        yield return new("audit labels --verdicts", ["audit", "labels", "p.csv", "q.csv", "--filter", "predicted-neq-given", "--verdicts", "review.csv", "--corrected", "c.csv"], [csv, other, filled]) { Damaged = [1, 2] };

        var random = new SeededRandom(4);
        var features = Npy(path => NpyFile.Write(path, new FloatMatrix([.. Enumerable.Range(0, 4 * Rows).Select(_ => (float)random.NextGaussian())], Rows, 4)));
        yield return new("audit neighbours", ["audit", "neighbours", "p.csv", "--negative", "cow", "--features", "e.npy"], [csv, new("e.npy", features, false)]);
        yield return new("audit neighbours --clean", ["audit", "neighbours", "p.csv", "--features", "e.npy", "--clean", "clean.csv"], [csv, new("e.npy", features, false), TextOf("clean.csv", "id,label\ne001,ant\ne002,bee\ne003,cow\ne004,ant\n")]) { Damaged = [2] };

        var items = TextOf("items.csv", Lines("id,grounding,generated_text,label", Enumerable.Range(0, Rows).Select(i => $"t{i},\"The sky is blue, the {i}th day\",It is blue,{i % 2}")));
        var judges = TextOf("judges.csv", Lines("id,one,two,three", Enumerable.Range(0, Rows).Select(i => $"t{i},{N((i * 7 % 10 + 0.5) / 11)},{N((i * 3 % 10 + 0.5) / 11)},{N((i * 9 % 10 + 0.5) / 11)}")));
        var blind = Made("blind.csv", "audit judges items.csv --judgements judges.csv --sheet blind.csv", items, judges);
        var chosen = TextOf("blind.csv", string.Join('\n', System.Text.Encoding.UTF8.GetString(blind.Content).Split('\n').Select((line, i) => i == 0 || line.Length == 0 ? line : line + (i % 2 == 0 ? "a" : "b"))));
        yield return new("audit judges", ["audit", "judges", "items.csv", "--judgements", "judges.csv", "--verdicts", "blind.csv"], [items, judges, chosen]) { Weight = 2 };

        var texts = TextOf("t.csv", Lines("id,text,label", Enumerable.Range(0, Rows).Select(i => $"s{i},\"{(i % 2 == 0 ? "This is not a good film" : "I really like this movie")}, number {i}\",{(i % 2 == 0 ? "bad" : "good")}")));
        var said = TextOf("said.csv", Lines("id,prediction", Enumerable.Range(0, Rows).Select(i => $"s{i},{(i % 3 == 0 ? "bad" : "good")}")));
        var slices = TextOf("slices.yaml", "slices:\n  - phrase-slice(not)\n  - length-slices\n");
        yield return new("robustness", ["robustness", "t.csv", "--predictions", "said.csv", "--recipe", "slices.yaml"], [texts, said, slices]) { Weight = 2 };
        yield return new("robustness --bench", ["robustness", "t.csv", "--predictions", "said.csv", "--bench", "bench.json"], [texts, said, Made("bench.json", "robustness t.csv --predictions said.csv --recipe slices.yaml --save bench.json", texts, said, slices)]) { Damaged = [2] };

        var relations = """
            [{"id":"a","relation":"per:title","token":["Ann","is","a","nurse","."],"subj_start":0,"subj_end":0,"obj_start":3,"obj_end":3,"subj_type":"PERSON","obj_type":"TITLE"},
             {"id":"b","relation":"no_relation","token":["Bob","met","Carl","Jones","."],"subj_start":0,"subj_end":0,"obj_start":2,"obj_end":3,"subj_type":"PERSON","obj_type":"PERSON"}]
            """;
        yield return new("TACRED release", [], [TextOf("train.json", relations), TextOf("patch.json", """[{"id":"b","relation":"per:title"}]""")])
        {
            Read = folder => RelationFile.ReadDataset(Path.Combine(folder, "train.json"), Path.Combine(folder, "patch.json")),
        };
        var votes = """
            [{"id":1,"url":"u","given_original_label":3,"given_original_label_name":"three","our_guessed_label":5,"our_guessed_label_name":"five","mturk":{"given":1,"guessed":4,"neither":0,"both":0}},
             {"id":4,"url":"u","given_original_label":0,"our_guessed_label":6,"mturk":{"given":5,"guessed":0,"neither":0,"both":0}}]
            """;
        var probabilities = Npy(path => NpyFile.Write(path, new FloatMatrix([.. Enumerable.Repeat(0.1f, 60)], 6, 10)));
        yield return new("label-errors release", [],
        [
            TextOf("mturk/mnist_mturk.json", votes), new("original_test_labels/mnist_test_set_original_labels.npy", Npy(path => NpyFile.Write(path, [3, 3, 1, 2, 0, 6])), false),
            new("cross_validated_predicted_probabilities/mnist_test_set_pyx.npy", probabilities, false),
        ])
        { Read = folder => _ = LabelErrorBenchmark.Load(folder, "mnist").Verdicts() };
    }

    private static IEnumerable<FuzzTarget> Logs()
    {
        const string Header = "block_num\texp_num\tworker_id\tblock_type\ttask_name\ttask_params\texp_status\ttimestamp\tperformance";
        FuzzFile Block(string root, int block, string type, params string[] tasks) => TextOf($"{root}/w0/{block}-{type}/data-log.tsv",
            Lines(Header, tasks.SelectMany((task, t) => Enumerable.Range(0, 16).Select(i => $"{block}\t{t * 16 + i}\tw0\t{type}\t{task}\t{{}}\tcomplete\t20210415T145944.077807\t{N(block + t + i * 0.25 + i % 3)}"))));
        var info = TextOf("run/logger_info.json", """{"metrics_columns": ["performance"], "log_format_version": "1.0"}""");
        yield return new("lifelong release", ["lifelong", "run", "--ste", "ste"],
        [
            info, TextOf("run/scenario_info.json", """{"scenario_type": "condensed"}"""), Block("run", 0, "test", "a", "b"), Block("run", 1, "train", "a"), Block("run", 2, "test", "a", "b"), Block("run", 3, "train", "b"), Block("run", 4, "test", "a", "b"),
            info with { Path = "ste/one/logger_info.json" }, Block("ste/one", 0, "train", "a"), info with { Path = "ste/two/logger_info.json" }, Block("ste/two", 0, "train", "b"),
        ])
        { Weight = 2 };
        var run = """
            {"id":"20260101-000000-x","name":"x","command":"assay train x","status":"finished","started":"2026-01-01T00:00:00+00:00","finished":"2026-01-01T00:01:00+00:00","seconds":60,"seed":1,"machine":"m","versions":{},"settings":{"width":"8"},"metrics":{"accuracy":0.9}}
            """;
        var curves = """
            {"name":"loss","step":1,"epoch":0.5,"value":2.5}
            {"name":"loss","step":2,"epoch":1,"value":1.5}
            """;
        FuzzFile[] store = [TextOf("runs/20260101-000000-x/run.json", run), TextOf("runs/20260101-000000-x/curves.jsonl", curves), TextOf("runs/20260101-000000-x/predictions.csv", "")];
        yield return new("runs list", ["runs", "list"], [store[0], store[1]]);
        yield return new("runs show", ["runs", "show", "last"], [store[0], store[1]]);
        yield return new("runs query", ["runs", "query", "select name, value from curves"], [store[0], store[1]]);
    }
}
