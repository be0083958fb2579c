package com.lastly.core.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.lastly.core.sidecar.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueryTextTest {

    private static String of(String json) {
        return QueryText.of(Json.parse(json.replace('\'', '"')));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'match':{'body':'red fox'}}",
                "{'match':{'body':{'query':' red fox ','operator':'AND','boost':2.0}}}",
                "{'match_phrase':{'body':{'query':'red fox','slop':1}}}",
                "{'match_bool_prefix':{'body':{'query':'red fox'}}}",
                "{'multi_match':{'query':'red fox','fields':['a^2','b']}}",
                "{'combined_fields':{'query':'red fox','fields':['a']}}",
                "{'query_string':{'query':'red fox','default_field':'body'}}",
                "{'simple_query_string':{'query':'red fox'}}",
                "{'neural':{'vector':{'query_text':'red fox','model_id':'m','k':10}}}",
                "{'neural_sparse':{'tokens':{'query_text':'red fox','model_id':'m'}}}",
                "{'hybrid':{'queries':[{'match':{'body':'red fox'}},"
                        + "{'neural':{'vector':{'query_text':'red fox','k':5}}}]}}",
                "{'bool':{'must':[{'match':{'body':'red fox'}}],'filter':[{'match':{'body':'secret'}}],"
                        + "'must_not':[{'match':{'body':'poison'}}]}}",
                "{'bool':{'should':{'match':{'body':'red fox'}}}}",
                "{'dis_max':{'queries':[{'match':{'title':'red fox'}},{'match':{'body':'red fox'}}]}}",
                "{'boosting':{'positive':{'match':{'body':'red fox'}},"
                        + "'negative':{'match':{'body':'stale'}},'negative_boost':0.2}}",
                "{'function_score':{'query':{'match':{'body':'red fox'}},"
                        + "'functions':[{'filter':{'match':{'body':'secret'}},'weight':3}]}}",
                "{'script_score':{'query':{'match':{'body':'red fox'}},'script':{'source':'_score * 2'}}}",
                "{'nested':{'path':'c','query':{'match':{'c.text':'red fox'}}}}",
                "{'has_child':{'type':'c','query':{'match':{'text':'red fox'}}}}",
            })
    void theTextOfEveryFormIsFoundOnce(String query) {
        assertEquals("red fox", of(query));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'match_all':{}}",
                "{'term':{'group':{'value':'red'}}}",
                "{'terms':{'group':['red']}}",
                "{'range':{'date':{'gte':'now'}}}",
                "{'constant_score':{'filter':{'match':{'body':'red'}}}}",
                "{'bool':{'filter':[{'match':{'body':'red'}}]}}",
                "{'ids':{'values':['red']}}",
                "{'bool':{'must_not':[{'match':{'body':'red'}}]}}",
                "{'knn':{'vector':{'vector':[1,2],'k':3,'filter':{'match':{'body':'red'}}}}}",
                "{'exists':{'field':'red'}}",
                "{'wildcard':{'body':{'value':'red*'}}}",
                "{'script':{'script':{'source':'red'}}}",
                "{'match':{'body':'  '}}",
                "{}",
                "[]",
                "null",
            })
    void filtersAndExactClausesHaveNone(String query) {
        assertEquals("", of(query));
    }

    @Test
    void severalTextsAreJoinedInOrder() {
        assertEquals(
                "red fox brown dog",
                of("{'bool':{'must':[{'match':{'body':'red fox'}}],"
                        + "'should':[{'multi_match':{'query':'brown dog'}},{'match':{'title':'red fox'}}]}}"));
    }

    @Test
    void aQueryNestedWithoutEndEnds() {
        Object query = Map.of("match", Map.of("body", "deep"));
        for (int i = 0; i < 5000; i++) query = Map.of("bool", Map.of("must", List.of(query)));
        assertEquals("", QueryText.of(query));
    }
}
