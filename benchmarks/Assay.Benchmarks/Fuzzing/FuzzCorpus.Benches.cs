using System.Globalization;
using System.Text.Json;
using Assay.Data;

namespace Assay.Benchmarks;

/// <content>Benchmarks and laws of scaling.</content>
internal static partial class FuzzCorpus
{
    private static IEnumerable<FuzzTarget> Benches()
    {
        string[] models = ["m1", "m2", "m3"];
        var results = models.SelectMany((m, i) => Enumerable.Range(0, 12).Select(s => (Model: m, Sample: $"s{s}", Score: (s * 5 + i * 3) % 7 < 3 + i ? 1 : 0))).ToArray();
        var pool = TextOf("results.csv", Lines("model,sample,score,dataset,text", results.Select(r => $"{r.Model},{r.Sample},{r.Score},set{r.Sample[^1] % 2},\"chemistry of {r.Sample}\"")));
        yield return new("bench aggregate long", ["bench", "aggregate", "results.csv", "--alpha", "0.1"], [pool]) { Weight = 2 };
        var votes = TextOf("votes.csv", Lines("model_a,model_b,winner", results.Select((r, i) => $"{r.Model},{models[(i + 1) % 3]},{(i % 4 == 0 ? "tie" : i % 2 == 0 ? "model_a" : "model_b")}").Where(l => l.Split(',')[0] != l.Split(',')[1])));
        yield return new("bench aggregate votes", ["bench", "aggregate", "votes.csv", "--alpha", "0.1"], [votes]);
        var wide = new Assay.Data.Table("r", [new TextColumn("model", [.. models]), .. Enumerable.Range(0, 8).Select(s => new FloatColumn($"s{s}", [.. models.Select((_, i) => (s + i) % 3 == 0 ? 1f : s % 5 == i ? float.NaN : 0f)]))]);
        var instances = JsonSerializer.Serialize(Enumerable.Range(0, 8).ToDictionary(s => $"s{s}", s => new { question = new { text = $"question {s}" }, references = new[] { new { text = "r" } }, metadata = new { source = "x" } }));
        yield return new("ONEBench release", ["bench", "aggregate", "release", "--alpha", "0.1", "--query", "question"], [new("release/results.parquet", Written("parquet", wide), false), TextOf("release/instances.json", instances)]) { Weight = 2 };

        var arc = """
            {"id":"q1","question":{"stem":"Which animal lays eggs?","choices":[{"text":"A dog","label":"A"},{"text":"A hen","label":"B"}]},"answerKey":"B"}
            {"id":"q2","question":{"stem":"What is the color of the sky?","choices":[{"text":"Blue","label":"A"},{"text":"Green","label":"B"}]},"answerKey":"A"}
            """;
        FuzzTarget Perturb(string name, FuzzFile file) => new($"bench perturb {name}", ["bench", "perturb", file.Path, "--out", "out.jsonl"], [file]);
        yield return Perturb("ARC", TextOf("arc.jsonl", arc));
        yield return Perturb("MMLU", TextOf("anatomy_test.csv", "What is the largest bone?,Femur,Tibia,Ulna,Skull,A\n\"Which organ, if any, pumps blood?\",Liver,Heart,Lung,Eye,B\n"));
        yield return Perturb("HellaSwag", TextOf("h.jsonl", """{"ind":1,"activity_label":"Sport","ctx":"A man runs and","endings":["stops","flies","sings","melts"],"label":0}"""));
        yield return Perturb("SciQ", TextOf("s.json", """[{"question":"What do plants take in?","correct_answer":"carbon dioxide","distractor1":"iron","distractor2":"gold","distractor3":"salt","support":"x"}]"""));
        yield return Perturb("RACE", TextOf("r.json", """{"id":"r1","article":"A long text about a dog.","questions":["What is the text about?"],"options":[["dog","cat","cow","pig"]],"answers":["A"]}"""));
        yield return Perturb("own items", TextOf("o.jsonl", """{"id":"o1","question":"What is 2 plus 3?","choices":["5","6"],"answer":0,"subject":"sum","idk":"I do not know","paraphrases":["How much is 2 plus 3?"]}"""));

        var answers = TextOf("answers.csv", Lines("model,item,wording,option,correct", models.SelectMany((m, i) => Enumerable.Range(0, 24).SelectMany(q => Enumerable.Range(0, 3).Select(w => $"{m},q{q},{w},{"ABCD"[(q + w * i) % 4]},{((q + w * i) % 4 == 0 ? 1 : 0)}")))));
        yield return new("bench perturb-test answers", ["bench", "perturb-test", "answers.csv"], [answers]);
        var pairs = TextOf("pairs.csv", Lines("id,model,correct_original,correct_rephrased,params_b,subject", models.SelectMany((m, i) => Enumerable.Range(0, 24).Select(q => $"q{q},{m},{(q % 3 == 0 ? 1 : 0)},{(q % 4 == 0 ? 1 : 0)},{i + 1},s{q % 2}"))));
        yield return new("bench perturb-test pairs", ["bench", "perturb-test", "pairs.csv"], [pairs])
        {
            Check = static (folder, json) => Reworded(SecondReading.Csv(File.ReadAllBytes(Path.Combine(folder, "pairs.csv")), ','), json),
        };

        var random = new Assay.Statistics.SeededRandom(5);
        var distributions = Enumerable.Range(0, Rows).Select(i => (Id: $"d{i}", Row: Prediction(random, 4))).ToArray();
        yield return new("bench dcs table", ["bench", "dcs", "d.csv"], [TextOf("d.csv", Lines("id,answer,p_0,p_1,p_2,p_idk", distributions.Select(d => $"{d.Id},{d.Row.Label % 3},{string.Join(',', d.Row.Probabilities.Select(N))}")))])
        {
            Weight = 2,
            Check = static (folder, json) => Dcs(SecondReading.Csv(File.ReadAllBytes(Path.Combine(folder, "d.csv")), ','), json),
        };
        yield return new("bench dcs JSONL", ["bench", "dcs", "d.jsonl"],
            [TextOf("d.jsonl", string.Join('\n', distributions.Select((d, i) => i % 2 == 0
                ? $$"""{"id":"{{d.Id}}","answer":{{d.Row.Label % 3}},"probs":[{{string.Join(',', d.Row.Probabilities.Select(N))}}],"idk":3}"""
                : $$"""{"id":"{{d.Id}}","answer":[{{d.Row.Label % 3}}],"logl":[{{string.Join(',', d.Row.Probabilities.Select(p => N(Math.Log(p))))}}],"idk":3,"choices":["a","bb","ccc","?"]}""")))]);
    }

    // Each model's accuracy on the original and on the reworded items.
    private static string? Reworded(SecondReading.Cells? cells, JsonElement json)
    {
        if (cells is null || !cells.Names.SequenceEqual(["id", "model", "correct_original", "correct_rephrased", "params_b", "subject"]) || cells.Rows.Any(r => r[2..4].Any(c => c is not ("0" or "1"))))
            return FuzzTarget.Unknown;
        foreach (var model in json.GetProperty("detector").EnumerateArray())
        {
            var own = cells.Rows.Where(r => r[1] == model.GetProperty("model").GetString()).ToArray();
            if (own.Length == 0 || own.DistinctBy(r => r[0]).Count() != own.Length)
                return FuzzTarget.Unknown;
            var (expected, actual) = (own.Average(r => r[2][0] - '0'), model.GetProperty("accuracy").GetDouble());
            if (Math.Abs(actual - expected) > 1e-9)
                return $"the accuracy of {own[0][1]} is {actual:R}, the second reading gives {expected:R}";
        }
        return null;
    }

    // DCS = (p_c − p_w)(1 − p_IDK), the mean over items.
    private static string? Dcs(SecondReading.Cells? cells, JsonElement json)
    {
        if (cells is null || !cells.Names.SequenceEqual(["id", "answer", "p_0", "p_1", "p_2", "p_idk"]))
            return FuzzTarget.Unknown;
        var sum = 0.0;
        foreach (var row in cells.Rows)
        {
            if (!int.TryParse(row[1], NumberStyles.None, CultureInfo.InvariantCulture, out var answer) || answer > 2)
                return FuzzTarget.Unknown;
            var p = row[2..].Select(SecondReading.Number).ToArray();
            if (p.Any(v => v is null))
                return FuzzTarget.Unknown;
            sum += (p[answer]!.Value - p[..3].Where((_, i) => i != answer).Sum(v => v!.Value)) * (1 - p[3]!.Value);
        }
        var actual = json.GetProperty("models")[0].GetProperty("dcs").GetProperty("value").GetDouble();
        return Math.Abs(actual - sum / cells.Rows.Count) < 1e-4 ? null : $"DCS is {actual:R}, the second reading gives {sum / cells.Rows.Count:R}";
    }

    private static IEnumerable<FuzzTarget> Scaling()
    {
        double[] sizes = [1e7, 3e7, 1e8, 3e8], multipliers = [10, 20, 80];
        var runs = TextOf("runs.csv", Lines("n,d,loss,error", sizes.SelectMany(n => multipliers.Select(m => (n, d: n * m))).Select(r => (r.n, r.d, L: 1.8 + 166 * Math.Pow(r.n, -0.27) + 287 * Math.Pow(r.d, -0.27))).Select(r => $"{N(r.n)},{N(r.d)},{N(r.L)},{N(0.85 - 2.2 * Math.Exp(-0.7 * r.L))}")));
        yield return new("scale fit over-training", ["scale", "fit", "runs.csv", "--law", "over-training", "--at", "n=1e9,d=2e10"], [runs]) { Weight = 2 };
        yield return new("scale fit power", ["scale", "fit", "runs.csv", "--law", "power"], [runs]);
        yield return new("scale fit error", ["scale", "fit", "runs.csv", "--law", "error"], [runs]);
        yield return new("scale predict", ["scale", "predict", "law.json", "--at", "n=1e9,d=2e10"], [Made("law.json", "scale fit runs.csv --law over-training --out law.json", runs)]) { Weight = 2 };
        var points = TextOf("points.csv", Lines("m,error", Enumerable.Range(6, 9).Select(i => Math.Pow(2, i)).Select(m => $"{N(m)},{N(2 * Math.Pow(m, -0.35) + 0.03)}")));
        yield return new("scale fit curve", ["scale", "fit", "points.csv", "--law", "curve", "--at", "m=1e5"], [points]);
        var passes = TextOf("passes.csv", Lines("question,model,compute,passes,trials", Enumerable.Range(0, 24).SelectMany(q => Enumerable.Range(0, 5).Select(m => $"q{q},m{m},{N(Math.Pow(4, m))},{Math.Min(16, (q % 4 + 1) * m)},16"))));
        yield return new("scale predict curve", ["scale", "predict", "law.json", "--at", "m=1e5", "--target", "0.1"], [Made("law.json", "scale fit points.csv --law curve --out law.json", points)]);
        yield return new("scale predict difficulty", ["scale", "predict", "law.json", "--at", "compute=2000"], [Made("law.json", "scale fit passes.csv --law difficulty --out law.json", passes)]);
        yield return new("scale plot", ["scale", "plot", "law.json", "--html", "law.html"], [Made("law.json", "scale fit runs.csv --law power --out law.json", runs)]);
        yield return new("scale fit difficulty", ["scale", "fit", "passes.csv", "--law", "difficulty"], [passes]);
        FuzzFile Model(int i, double n, double m) => TextOf($"exp_data/models/rpj-a{i}-{m}.json", $$"""
            {"name":"a{{i}}-{{m}}","dataset_name":"rpj","hyperparameters":{"model":"a{{i}}","params":{{N(n)}},"params_no_embed":{{N(n / 2)}},"tokens":{{N(n * m)}},"chinchilla_multiplier":{{N(m / 20)}},"lr":0.01,"wd":0.1,"global_bs":64,"warmup":100,"seed":1},
             "results":[{"val_data":["s3/c4_val/shard.tar"],"loss":{{N(1.8 + 166 * Math.Pow(n, -0.27) + 287 * Math.Pow(n * m, -0.27))}},"loss_sequences_lower_95":1,"loss_sequences_upper_95":9}]}
            """);
        yield return new("over-training release", ["scale", "fit", "exp_data", "--law", "over-training", "--group", "rpj", "--paper-runs"],
        [
            Model(0, 10569312, 20), Model(1, 78914048, 20), Model(2, 153677376, 20), Model(3, 411616256, 20), Model(0, 10569312, 320),
            TextOf("exp_data/eval_metadata.csv", "Eval Task,Task Category,Task Type,#shots,#datapoints,Random baseline\nhellaswag,x,multiple choice,0,100,25\n"),
            TextOf("exp_data/evals/evaluation_rpj-a2-20_heavy.json", """{"eval_metrics":{"icl":{"hellaswag":0.41}}}"""),
        ])
        { Weight = 2 };
    }
}
