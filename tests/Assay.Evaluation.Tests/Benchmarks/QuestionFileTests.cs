namespace Assay.Evaluation.Tests;

public sealed class QuestionFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("assay-questions").FullName;

    public void Dispose() => Directory.Delete(folder, true);

    private string Write(string name, string text)
    {
        File.WriteAllText(Path.Combine(folder, name), text);
        return Path.Combine(folder, name);
    }

    [Fact]
    public void The_sample_has_24_questions_with_five_valid_paraphrases()
    {
        var items = QuestionFile.Sample();
        Assert.Equal(24, items.Length);
        Assert.All(items, i => Assert.Equal(5, i.Paraphrases.Distinct().Count(p => p != i.Question)));
    }

    [Theory]
    [InlineData("ours.jsonl", """{"id":"q","question":"Q?","choices":["x","y"],"answer":[0,1],"idk":"?"}""", "Q?", 0, 3)]
    [InlineData("arc.jsonl", """{"id":"q","question":{"stem":"Q?","choices":[{"text":"x","label":"1"},{"text":"y","label":"2"}]},"answerKey":"2"}""", "Q?", 1, 2)]
    [InlineData("hellaswag.jsonl", """{"ind":7,"activity_label":"Cooking","ctx":"Q?","endings":["x","y","z","w"],"label":2}""", "Q?", 2, 4)]
    [InlineData("truthful.json", """[{"question":"Q?","mc1_targets":{"choices":["x","y"],"labels":[0,1]}}]""", "Q?", 1, 2)]
    [InlineData("truthful-old.json", """[{"question":"Q?","mc1_targets":{"x":1,"y":0}}]""", "Q?", 0, 2)]
    [InlineData("sciq.json", """[{"question":"Q?","correct_answer":"x","distractor1":"y","distractor2":"z","distractor3":"w","support":"s"}]""", "Q?", 0, 4)]
    [InlineData("piqa.jsonl", """{"goal":"Q?","sol1":"x","sol2":"y","label":1}""", "Q?", 1, 2)]
    [InlineData("copa.jsonl", """{"premise":"It rained.","choice1":"x","choice2":"y","question":"cause","label":0}""", "It rained. What was the cause?", 0, 2)]
    [InlineData("winogrande.jsonl", """{"sentence":"Q?","option1":"x","option2":"y","answer":"2"}""", "Q?", 1, 2)]
    [InlineData("race.json", """[{"id":"r","article":"A.","questions":["Q?"],"options":[["x","y","z","w"]],"answers":["D"]}]""", "A.\n\nQ?", 3, 4)]
    [InlineData("anatomy_test.csv", "\"Q?\",x,y,z,w,C\n", "Q?", 2, 4)]
    public void Published_formats_are_read(string name, string text, string question, int key, int options)
    {
        var item = Assert.Single(QuestionFile.Load(Write(name, text)));
        Assert.Equal((question, key, options), (item.Question, item.Correct[0], item.Choices.Length));
        Assert.Equal(name == "anatomy_test.csv" ? "anatomy" : item.Subject, item.Subject);
    }

    [Theory]
    [InlineData("a.jsonl", """{"id":"q","question":"Q?","choices":["x","y"],"answer":4}""", "item 'q': the key 4")]
    [InlineData("a.jsonl", """{"id":"q","question":"Q?","choices":["x","x"],"answer":0}""", "the same text")]
    [InlineData("a.jsonl", """{"id":"q","question":"Q?","choices":["x"," "],"answer":0}""", "empty")]
    [InlineData("a.jsonl", """{"id":"q","question":{"stem":"Q?","choices":[{"text":"x","label":"A"}]},"answerKey":"B"}""", "the key 'B'")]
    [InlineData("a.jsonl", """{"what":1}""", "no known format")]
    [InlineData("a.jsonl", "{\"what\":", "a.jsonl(1,")]
    [InlineData("a.txt", "hello", "JSON")]
    [InlineData("a.json", "[]", "no questions")]
    [InlineData("a.csv", "Q,x,y\n", "six columns")]
    [InlineData("a.csv", "Q,x,y,z,w,5\n", "the key is '5'")]
    public void Defects_name_the_item(string name, string text, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => QuestionFile.Load(Write(name, text))).Message, StringComparison.Ordinal);

    [Fact]
    public void Answers_in_wordings_are_read_in_both_forms()
    {
        var pairs = WordingResults.Load(Write("p.csv", "id,subject,model,params_b,mu,correct_original,correct_rephrased\n1,a,m,7,0.5,1,1\n1,a,m,7,1,1,0\n2,b,m,7,0.5,0,\n2,b,m,7,1,0,1\n"));
        Assert.Equal((2, 7.0), (pairs.ParaphraseCount, pairs.Parameters["m"]));
        Assert.Equal([0, 0.5, 1], pairs.Distortions);
        Assert.Single(pairs.Pairs(0, 1).Original);
        Assert.Equal([false, true], pairs.Pairs(0, 2).Other);
        var words = WordingResults.Load(Write("w.csv", "model,item,wording,option,correct\nm,i,0,A,true\nm,i,1,B,false\n"));
        Assert.Equal(new WordedAnswer(false, "B"), words.Answers[0][0][1]);
    }

    [Theory]
    [InlineData("item,wording,correct\n1,0,1\n1,0,1\n", "row 2")]
    [InlineData("item,wording,correct\n1,0,1\n", "no wording besides")]
    [InlineData("item,wording,correct\n1,1,1\n", "no answer to the original")]
    [InlineData("item,wording,correct\n1,0,2\n", "row 1, column 'correct'")]
    [InlineData("item,wording,correct\n1,-1,1\n", "wording -1")]
    [InlineData("a,b\n1,2\n", "were expected")]
    public void Defective_answers_are_named(string text, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => WordingResults.Load(Write("x.csv", text))).Message, StringComparison.Ordinal);
}
